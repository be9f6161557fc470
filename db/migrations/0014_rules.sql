-- Rules of a tenant, versions of its texts.
SELECT;
