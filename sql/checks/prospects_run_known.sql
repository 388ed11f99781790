-- check: prospects_run_known
-- doc:   Every company names a run that etl.runs has.
-- reads: prospects, etl.runs
-- notes: runs in DuckDB only; must return no rows
SELECT p._run_id, count(*) AS companies
FROM prospects AS p
WHERE NOT EXISTS (SELECT 1 FROM etl.runs AS r WHERE r.run_id = p._run_id)
GROUP BY p._run_id;
