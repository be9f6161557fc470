-- What people do with calls: search, labels, notes.
SELECT;
