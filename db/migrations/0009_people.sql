-- Who may look: people, their sessions, keys and the limits of signing in.
SELECT;
