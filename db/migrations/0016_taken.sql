-- Who is rung for a call takes it by pressing 1. A mailbox that picks up presses nothing, so only what
-- was pressed says that the two have talked.
ALTER TABLE calls ADD taken_at timestamptz;
