-- What happens now, told to whoever watches, and orders to live calls.
SELECT;
