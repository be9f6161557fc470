-- Numbers on their way in and out, and whether forwarding works.
SELECT;
