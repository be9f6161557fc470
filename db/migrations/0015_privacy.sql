-- How long what is kept, exports and erasures.
SELECT;
