-- What the daemon and the shell may do in the database, each with a user of its own: MariaDB.
-- Run it after every `helpdeskd.py migrate`, as whoever owns the tables:
--     mariadb helpdesk < sql/grants-mariadb.sql
-- The users must exist. Neither can change a table, remove an audit row or change one; the daemon cannot read
-- what people log in with, nor make anybody an admin. docs/security.md says what that is worth.

-- the daemon
GRANT SELECT ON alembic_version TO 'helpdesk_daemon'@'localhost';
GRANT SELECT ON schema_changes TO 'helpdesk_daemon'@'localhost';
GRANT SELECT ON people TO 'helpdesk_daemon'@'localhost';
GRANT SELECT ON teams TO 'helpdesk_daemon'@'localhost';
GRANT SELECT ON memberships TO 'helpdesk_daemon'@'localhost';
GRANT SELECT, UPDATE (best_verdict, bounces, bounced_at, disowned_at, route) ON addresses TO 'helpdesk_daemon'@'localhost';
GRANT SELECT, INSERT, UPDATE ON tickets TO 'helpdesk_daemon'@'localhost';
GRANT SELECT, INSERT ON participants TO 'helpdesk_daemon'@'localhost';
GRANT SELECT, INSERT ON ticket_events TO 'helpdesk_daemon'@'localhost';
GRANT SELECT, INSERT ON ticket_reminders TO 'helpdesk_daemon'@'localhost';
GRANT SELECT ON tags TO 'helpdesk_daemon'@'localhost';
GRANT SELECT ON canned_answers TO 'helpdesk_daemon'@'localhost';
GRANT SELECT, INSERT, UPDATE ON mailboxes TO 'helpdesk_daemon'@'localhost';
GRANT SELECT, INSERT, UPDATE ON mails TO 'helpdesk_daemon'@'localhost';
GRANT SELECT, INSERT ON posts TO 'helpdesk_daemon'@'localhost';
GRANT SELECT, INSERT ON attachments TO 'helpdesk_daemon'@'localhost';
GRANT SELECT, INSERT, UPDATE ON letters TO 'helpdesk_daemon'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE ON budgets TO 'helpdesk_daemon'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE ON alerts TO 'helpdesk_daemon'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE ON breakers TO 'helpdesk_daemon'@'localhost';
GRANT SELECT, INSERT, UPDATE ON leases TO 'helpdesk_daemon'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE ON job_runs TO 'helpdesk_daemon'@'localhost';
GRANT SELECT, INSERT, UPDATE ON counters TO 'helpdesk_daemon'@'localhost';
GRANT SELECT, INSERT, DELETE ON ticket_words TO 'helpdesk_daemon'@'localhost';
GRANT SELECT, UPDATE ON mail_orders TO 'helpdesk_daemon'@'localhost';
GRANT SELECT, INSERT ON audit_logs TO 'helpdesk_daemon'@'localhost';
GRANT SELECT, INSERT, DELETE ON audit_unsealed TO 'helpdesk_daemon'@'localhost';
-- A trigger keeps each seal for 90 days.
GRANT SELECT, INSERT, DELETE ON audit_seals TO 'helpdesk_daemon'@'localhost';
GRANT SELECT, INSERT ON audit_checkpoints TO 'helpdesk_daemon'@'localhost';
-- Old audit rows go by this routine alone, which leaves every row of the last 90 days.
GRANT EXECUTE ON PROCEDURE purge_audit_logs TO 'helpdesk_daemon'@'localhost';
-- `audit verify` looks whether the triggers are there, which only who may drop them could see.
GRANT EXECUTE ON PROCEDURE audit_guards TO 'helpdesk_daemon'@'localhost';
-- It tells people that a remembered login ends, and removes what is over without reading it.
GRANT SELECT (id, person_id, kind, expires_at, revoked_at) ON sessions TO 'helpdesk_daemon'@'localhost';
GRANT EXECUTE ON PROCEDURE forget_logins TO 'helpdesk_daemon'@'localhost';
-- The daemon must see that these tables are there; REFERENCES alone lets nobody read or write them.
GRANT REFERENCES ON credentials TO 'helpdesk_daemon'@'localhost';
GRANT REFERENCES ON recovery_codes TO 'helpdesk_daemon'@'localhost';
GRANT REFERENCES ON login_locks TO 'helpdesk_daemon'@'localhost';
GRANT REFERENCES ON login_codes TO 'helpdesk_daemon'@'localhost';
GRANT REFERENCES ON login_failures TO 'helpdesk_daemon'@'localhost';
GRANT REFERENCES ON places TO 'helpdesk_daemon'@'localhost';

-- the shell
GRANT SELECT ON alembic_version TO 'helpdesk_shell'@'localhost';
GRANT SELECT ON schema_changes TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, UPDATE ON people TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, UPDATE ON teams TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, DELETE ON memberships TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE ON addresses TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, UPDATE ON tickets TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, DELETE ON participants TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT ON ticket_events TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT ON ticket_reminders TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, DELETE ON tags TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE ON canned_answers TO 'helpdesk_shell'@'localhost';
GRANT SELECT ON mailboxes TO 'helpdesk_shell'@'localhost';
GRANT SELECT, UPDATE ON mails TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE ON posts TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT ON attachments TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE ON letters TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE ON budgets TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, UPDATE ON alerts TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE ON breakers TO 'helpdesk_shell'@'localhost';
GRANT SELECT ON leases TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, UPDATE ON job_runs TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, UPDATE ON counters TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, DELETE ON ticket_words TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT ON mail_orders TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT ON audit_logs TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT ON audit_unsealed TO 'helpdesk_shell'@'localhost';
GRANT SELECT ON audit_seals TO 'helpdesk_shell'@'localhost';
GRANT SELECT ON audit_checkpoints TO 'helpdesk_shell'@'localhost';
GRANT EXECUTE ON PROCEDURE audit_guards TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, UPDATE ON credentials TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, UPDATE, DELETE ON recovery_codes TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, UPDATE ON login_locks TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, UPDATE ON login_codes TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, DELETE ON login_failures TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, UPDATE ON places TO 'helpdesk_shell'@'localhost';
GRANT SELECT, INSERT, UPDATE ON sessions TO 'helpdesk_shell'@'localhost';
