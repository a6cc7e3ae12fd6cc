-- For the tables as the first migration makes them; the same on SQLite and PostgreSQL.
INSERT INTO instances_instance (id, name, ownership, status, status_changed_at, repository, branch,
    variables, created_at, project_id, environment_id, host, as_of)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
SELECT i, 'tenant-' || i, CASE WHEN i % 5 = 0 THEN 'discovered' ELSE 'created' END,
    CASE WHEN i % 50 = 0 THEN 'deleted' WHEN i % 7 = 0 THEN 'unhealthy' ELSE 'running' END,
    '2026-11-01 12:00:00+00:00', 'LuthienResearch/luthien-proxy', 'main', '{"GREETING": "hello"}',
    '2026-11-01 12:00:00+00:00', 'project-' || i, 'environment-' || i,
    'tenant-' || i || '.up.railway.app', '2026-11-01 12:00:00+00:00'
FROM n;

INSERT INTO instances_service (id, instance_id, role, service_id, name, status, deployment_id, host,
    as_of)
SELECT i.id * 3 + r.n, i.id, r.role, r.role || '-' || i.id, r.role, 'running',
    'deployment-' || i.id, i.host, '2026-11-01 12:00:00+00:00'
FROM instances_instance i CROSS JOIN (
    SELECT 0 AS n, 'postgres' AS role UNION SELECT 1, 'redis' UNION SELECT 2, 'gateway') r;

INSERT INTO instances_credential (id, instance_id, name, value, fingerprint, created_at)
SELECT i.id * 3 + k.n, i.id, k.name, 'gAAAAABciphertext-' || i.id || k.name, 'fingerprint-' || i.id,
    '2026-11-01 12:00:00+00:00'
FROM instances_instance i CROSS JOIN (
    SELECT 0 AS n, 'CLIENT_API_KEY' AS name UNION SELECT 1, 'ADMIN_API_KEY'
    UNION SELECT 2, 'CREDENTIAL_ENCRYPTION_KEY') k;

INSERT INTO instances_operation (id, instance_id, kind, config, state, requested_by_name, created_at,
    started_at, finished_at, due_at, waiting_for, message, lease_owner, cancelled_by_name,
    past_no_return, rolling_back, gate)
SELECT id, id, 'create', '{"branch": "main"}',
    CASE WHEN id % 20 = 0 THEN 'failed' WHEN id % 33 = 0 THEN 'waiting' ELSE 'succeeded' END,
    'ann', '2026-11-01 12:00:00+00:00', '2026-11-01 12:00:00+00:00', '2026-11-01 12:05:00+00:00',
    '2026-11-01 12:00:00+00:00', '', 'a message', '', '', TRUE, FALSE, ''
FROM instances_instance;

UPDATE instances_operation SET state = 'running', lease_owner = 'host:1',
    lease_token = '11111111111111111111111111111111' WHERE id % 100 = 1;

INSERT INTO instances_step (id, operation_id, name, title, position, rollback, state, attempts,
    not_made, looks, setbacks, started_at, finished_at, facts, message)
SELECT o.id * 8 + s.n, o.id, s.name, s.name, s.n, FALSE, 'done', 1, 0, 3, 0,
    '2026-11-01 12:00:00+00:00', '2026-11-01 12:01:00+00:00', '{"service_id": "one"}', ''
FROM instances_operation o CROSS JOIN (
    SELECT 1 AS n, 'preflight' AS name UNION SELECT 2, 'project' UNION SELECT 3, 'postgres'
    UNION SELECT 4, 'redis' UNION SELECT 5, 'gateway' UNION SELECT 6, 'secrets'
    UNION SELECT 7, 'source' UNION SELECT 8, 'healthy') s;

INSERT INTO instances_logline (id, operation_id, step_name, at, level, text)
SELECT s.id, s.operation_id, s.name, '2026-11-01 12:01:00+00:00', 'info', s.title || ': done.'
FROM instances_step s;
