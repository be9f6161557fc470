-- When each stage of a reply was reached, in ms since the stream began, as the line saw it:
-- {"last_voice_ms": the caller's last voice, "committed_ms": it was taken for a turn, "asked_ms": the
-- model was asked, "model_ms": its first words, "voice_ms": first sound of them, "sent_ms": sound sent
-- to the carrier, "heard_ms": the carrier said that it was played}; null: not reached. NULL: the line is no reply.
ALTER TABLE call_turns ADD stages jsonb
    CHECK (jsonb_typeof(stages) = 'object' AND octet_length(stages::text) <= 1000);
