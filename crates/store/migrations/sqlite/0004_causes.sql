-- Which runs a run has caused: few are caused by another, so the index is small.
CREATE INDEX runs_caused_by ON runs (caused_by) WHERE caused_by IS NOT NULL;
