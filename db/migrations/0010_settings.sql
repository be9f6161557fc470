-- What a tenant may set and what it may use.
SELECT;
