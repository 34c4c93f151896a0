-- The schema of helpdeskd on MariaDB, for reading only: databases are made by `helpdeskd.py migrate`.
-- Written by `python -m helpdesk.store.reference`. The triggers that guard the audit trail stand in versions/.

CREATE TABLE audit_checkpoints (
    id BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    last_mac VARBINARY(32) NOT NULL,
    cutoff DATETIME(6) NOT NULL,
    mac VARBINARY(32) NOT NULL,
    CONSTRAINT pk_audit_checkpoints PRIMARY KEY (id)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE audit_seals (
    seq BIGINT NOT NULL,
    day VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    first_at DATETIME(6) NOT NULL,
    last_at DATETIME(6) NOT NULL,
    entry_count INTEGER NOT NULL,
    entries LONGBLOB NOT NULL,
    prev VARBINARY(32) NOT NULL,
    mac VARBINARY(32) NOT NULL,
    CONSTRAINT pk_audit_seals PRIMARY KEY (seq)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE audit_unsealed (
    row_id BIGINT NOT NULL,
    CONSTRAINT pk_audit_unsealed PRIMARY KEY (row_id)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE breakers (
    scope VARCHAR(300) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reason VARCHAR(500) NOT NULL,
    opened_at DATETIME(6) NOT NULL,
    closes_at DATETIME(6) NOT NULL,
    CONSTRAINT pk_breakers PRIMARY KEY (scope)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE budgets (
    scope VARCHAR(300) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    window_start DATETIME(6) NOT NULL,
    used INTEGER NOT NULL,
    CONSTRAINT pk_budgets PRIMARY KEY (scope, window_start)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE canned_answers (
    id BIGINT NOT NULL,
    name VARCHAR(50) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    language VARCHAR(2) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    text LONGTEXT NOT NULL,
    CONSTRAINT pk_canned_answers PRIMARY KEY (id),
    CONSTRAINT uq_canned_answers_name_language UNIQUE (name, language)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE counters (
    name VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    value INTEGER NOT NULL,
    CONSTRAINT pk_counters PRIMARY KEY (name)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE job_runs (
    id BIGINT NOT NULL,
    job VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    scope VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    slot DATETIME(6) NOT NULL,
    state VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    owner VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    attempts INTEGER NOT NULL,
    started_at DATETIME(6),
    ended_at DATETIME(6),
    told VARCHAR(500) NOT NULL,
    CONSTRAINT pk_job_runs PRIMARY KEY (id),
    CONSTRAINT uq_job_runs_job_scope_slot UNIQUE (job, scope, slot)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE INDEX ix_job_runs_ended_at ON job_runs (ended_at);
CREATE INDEX ix_job_runs_slot ON job_runs (slot);

CREATE TABLE leases (
    name VARCHAR(150) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    owner VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    fence INTEGER NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    CONSTRAINT pk_leases PRIMARY KEY (name)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE login_failures (
    id BIGINT NOT NULL,
    scope VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    at DATETIME(6) NOT NULL,
    CONSTRAINT pk_login_failures PRIMARY KEY (id)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE INDEX ix_login_failures_scope_at ON login_failures (scope, at);

CREATE TABLE login_locks (
    scope VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    failed INTEGER NOT NULL,
    since DATETIME(6) NOT NULL,
    locked_until DATETIME(6) NOT NULL,
    CONSTRAINT pk_login_locks PRIMARY KEY (scope)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE mailboxes (
    id BIGINT NOT NULL,
    name VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    CONSTRAINT pk_mailboxes PRIMARY KEY (id),
    CONSTRAINT uq_mailboxes_name UNIQUE (name)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE people (
    id BIGINT NOT NULL,
    name VARCHAR(200) NOT NULL,
    role VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    language VARCHAR(2) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    active BOOL NOT NULL,
    created_at DATETIME(6) NOT NULL,
    sort_name VARCHAR(200) NOT NULL DEFAULT '',
    CONSTRAINT pk_people PRIMARY KEY (id)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE INDEX ix_people_sort_name_id ON people (sort_name, id);

CREATE TABLE teams (
    id BIGINT NOT NULL,
    name VARCHAR(100) NOT NULL,
    CONSTRAINT pk_teams PRIMARY KEY (id),
    CONSTRAINT uq_teams_name UNIQUE (name)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE ticket_words (
    block INTEGER NOT NULL,
    word VARBINARY(32) NOT NULL,
    number INTEGER NOT NULL,
    internal BOOL NOT NULL,
    CONSTRAINT pk_ticket_words PRIMARY KEY (block, word, number, internal)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE addresses (
    id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    address VARCHAR(254) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    state VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    best_verdict VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    created_at DATETIME(6) NOT NULL,
    bounces INTEGER NOT NULL DEFAULT '0',
    bounced_at DATETIME(6),
    valid_from DATETIME(6),
    valid_until DATETIME(6),
    disowned_at DATETIME(6),
    route VARCHAR(400) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    CONSTRAINT pk_addresses PRIMARY KEY (id),
    CONSTRAINT fk_addresses_person_id FOREIGN KEY(person_id) REFERENCES people (id),
    CONSTRAINT uq_addresses_address UNIQUE (address)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE INDEX ix_addresses_person_id ON addresses (person_id);

CREATE TABLE alerts (
    id BIGINT NOT NULL,
    dedupe VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    kind VARCHAR(60) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    person_id BIGINT,
    at DATETIME(6) NOT NULL,
    count INTEGER NOT NULL,
    letters INTEGER NOT NULL,
    to_owner INTEGER NOT NULL,
    told_at DATETIME(6),
    CONSTRAINT pk_alerts PRIMARY KEY (id),
    CONSTRAINT uq_alerts_dedupe UNIQUE (dedupe),
    CONSTRAINT fk_alerts_person_id FOREIGN KEY(person_id) REFERENCES people (id)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE INDEX ix_alerts_at ON alerts (at);
CREATE INDEX ix_alerts_person_id ON alerts (person_id);
CREATE INDEX ix_alerts_told_at_id ON alerts (told_at, id);

CREATE TABLE audit_logs (
    id BIGINT NOT NULL,
    user_id BIGINT,
    action VARCHAR(60) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    status VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    ip_address VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    user_agent VARCHAR(200) NOT NULL,
    created_at DATETIME(6) NOT NULL,
    detail JSON NOT NULL,
    CONSTRAINT pk_audit_logs PRIMARY KEY (id),
    CONSTRAINT fk_audit_logs_user_id FOREIGN KEY(user_id) REFERENCES people (id)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE INDEX ix_audit_logs_action_created_at ON audit_logs (action, created_at);
CREATE INDEX ix_audit_logs_created_at ON audit_logs (created_at);
CREATE INDEX ix_audit_logs_status_created_at ON audit_logs (status, created_at);
CREATE INDEX ix_audit_logs_user_id_created_at ON audit_logs (user_id, created_at);

CREATE TABLE credentials (
    person_id BIGINT NOT NULL,
    password_hash VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    changed_at DATETIME(6) NOT NULL,
    must_change BOOL NOT NULL,
    totp_sealed LONGBLOB,
    totp_last_step BIGINT NOT NULL DEFAULT '0',
    CONSTRAINT pk_credentials PRIMARY KEY (person_id),
    CONSTRAINT fk_credentials_person_id FOREIGN KEY(person_id) REFERENCES people (id)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE login_codes (
    id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    place VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    code_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    tries INTEGER NOT NULL,
    made_at DATETIME(6) NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    used_at DATETIME(6),
    CONSTRAINT pk_login_codes PRIMARY KEY (id),
    CONSTRAINT fk_login_codes_person_id FOREIGN KEY(person_id) REFERENCES people (id)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE INDEX ix_login_codes_expires_at ON login_codes (expires_at);
CREATE INDEX ix_login_codes_person_id ON login_codes (person_id);

CREATE TABLE memberships (
    team_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    CONSTRAINT pk_memberships PRIMARY KEY (team_id, person_id),
    CONSTRAINT fk_memberships_team_id FOREIGN KEY(team_id) REFERENCES teams (id),
    CONSTRAINT fk_memberships_person_id FOREIGN KEY(person_id) REFERENCES people (id)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE INDEX ix_memberships_person_id ON memberships (person_id);

CREATE TABLE places (
    id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    place VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    shown VARCHAR(200) NOT NULL,
    first_seen_at DATETIME(6) NOT NULL,
    last_seen_at DATETIME(6) NOT NULL,
    address VARCHAR(100) NOT NULL DEFAULT '',
    country VARCHAR(2) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
    client VARCHAR(200) NOT NULL DEFAULT '',
    CONSTRAINT pk_places PRIMARY KEY (id),
    CONSTRAINT uq_places_person_id_place UNIQUE (person_id, place),
    CONSTRAINT fk_places_person_id FOREIGN KEY(person_id) REFERENCES people (id)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE recovery_codes (
    id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    code_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    used_at DATETIME(6),
    CONSTRAINT pk_recovery_codes PRIMARY KEY (id),
    CONSTRAINT fk_recovery_codes_person_id FOREIGN KEY(person_id) REFERENCES people (id)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE INDEX ix_recovery_codes_person_id ON recovery_codes (person_id);

CREATE TABLE sessions (
    id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    token_hash VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    kind VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    ip_address VARCHAR(45) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    user_agent VARCHAR(200) NOT NULL,
    begun_at DATETIME(6) NOT NULL,
    used_at DATETIME(6) NOT NULL,
    proved_at DATETIME(6) NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    revoked_at DATETIME(6),
    CONSTRAINT pk_sessions PRIMARY KEY (id),
    CONSTRAINT fk_sessions_person_id FOREIGN KEY(person_id) REFERENCES people (id),
    CONSTRAINT uq_sessions_token_hash UNIQUE (token_hash)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);
CREATE INDEX ix_sessions_person_id ON sessions (person_id);

CREATE TABLE tickets (
    id BIGINT NOT NULL,
    number INTEGER NOT NULL,
    subject VARCHAR(500) NOT NULL,
    status VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    urgency VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    requester_id BIGINT NOT NULL,
    team_id BIGINT,
    assignee_id BIGINT,
    opened_at DATETIME(6) NOT NULL,
    updated_at DATETIME(6) NOT NULL,
    resolved_at DATETIME(6),
    deleted_at DATETIME(6),
    due_at DATETIME(6),
    first_answered_at DATETIME(6),
    merged_into_id BIGINT,
    closed_at DATETIME(6),
    CONSTRAINT pk_tickets PRIMARY KEY (id),
    CONSTRAINT uq_tickets_number UNIQUE (number),
    CONSTRAINT fk_tickets_requester_id FOREIGN KEY(requester_id) REFERENCES people (id),
    CONSTRAINT fk_tickets_team_id FOREIGN KEY(team_id) REFERENCES teams (id),
    CONSTRAINT fk_tickets_assignee_id FOREIGN KEY(assignee_id) REFERENCES people (id),
    CONSTRAINT fk_tickets_merged_into_id FOREIGN KEY(merged_into_id) REFERENCES tickets (id)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE INDEX ix_tickets_assignee_id_status_number_urgency ON tickets (assignee_id, status, number, urgency);
CREATE INDEX ix_tickets_assignee_id_status_updated_at_number ON tickets (assignee_id, status, updated_at, number);
CREATE INDEX ix_tickets_closed_at_status_updated_at ON tickets (closed_at, status, updated_at);
CREATE INDEX ix_tickets_deleted_at_number ON tickets (deleted_at, number);
CREATE INDEX ix_tickets_merged_into_id ON tickets (merged_into_id);
CREATE INDEX ix_tickets_opened_at ON tickets (opened_at);
CREATE INDEX ix_tickets_requester_id_status_number ON tickets (requester_id, status, number);
CREATE INDEX ix_tickets_status_due_at_number ON tickets (status, due_at, number);
CREATE INDEX ix_tickets_status_updated_at_number ON tickets (status, updated_at, number);
CREATE INDEX ix_tickets_status_urgency_number ON tickets (status, urgency, number);
CREATE INDEX ix_tickets_team_id_status_number_urgency_assignee_id ON tickets (team_id, status, number, urgency, assignee_id);
CREATE INDEX ix_tickets_team_id_status_updated_at_number ON tickets (team_id, status, updated_at, number);

CREATE TABLE mails (
    id BIGINT NOT NULL,
    mailbox_id BIGINT NOT NULL,
    uidvalidity BIGINT NOT NULL,
    uid BIGINT NOT NULL,
    fingerprint VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
    effect VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
    message_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    size INTEGER NOT NULL,
    subject VARCHAR(500) NOT NULL,
    sender VARCHAR(254) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    dated_at DATETIME(6),
    seen_at DATETIME(6) NOT NULL,
    fate VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin,
    rule VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reason VARCHAR(500) NOT NULL,
    verdict VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    verdict_reason VARCHAR(500) NOT NULL,
    person_id BIGINT,
    ticket_id BIGINT,
    raw_sha256 VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
    attempts INTEGER NOT NULL,
    look_again_at DATETIME(6),
    settled_at DATETIME(6),
    rejected_at DATETIME(6),
    CONSTRAINT pk_mails PRIMARY KEY (id),
    CONSTRAINT uq_mails_mailbox_id_uidvalidity_uid UNIQUE (mailbox_id, uidvalidity, uid),
    CONSTRAINT uq_mails_mailbox_id_effect UNIQUE (mailbox_id, effect),
    CONSTRAINT fk_mails_mailbox_id FOREIGN KEY(mailbox_id) REFERENCES mailboxes (id),
    CONSTRAINT fk_mails_person_id FOREIGN KEY(person_id) REFERENCES people (id),
    CONSTRAINT fk_mails_ticket_id FOREIGN KEY(ticket_id) REFERENCES tickets (id)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE INDEX ix_mails_fate_rejected_at_seen_at ON mails (fate, rejected_at, seen_at);
CREATE INDEX ix_mails_mailbox_id_look_again_at ON mails (mailbox_id, look_again_at);
CREATE INDEX ix_mails_mailbox_id_settled_at ON mails (mailbox_id, settled_at);
CREATE INDEX ix_mails_message_id ON mails (message_id);
CREATE INDEX ix_mails_person_id ON mails (person_id);
CREATE INDEX ix_mails_sender_seen_at ON mails (sender, seen_at);
CREATE INDEX ix_mails_ticket_id ON mails (ticket_id);

CREATE TABLE participants (
    ticket_id BIGINT NOT NULL,
    person_id BIGINT NOT NULL,
    CONSTRAINT pk_participants PRIMARY KEY (ticket_id, person_id),
    CONSTRAINT fk_participants_ticket_id FOREIGN KEY(ticket_id) REFERENCES tickets (id),
    CONSTRAINT fk_participants_person_id FOREIGN KEY(person_id) REFERENCES people (id)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE INDEX ix_participants_person_id ON participants (person_id);

CREATE TABLE tags (
    ticket_id BIGINT NOT NULL,
    tag VARCHAR(50) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    CONSTRAINT pk_tags PRIMARY KEY (ticket_id, tag),
    CONSTRAINT fk_tags_ticket_id FOREIGN KEY(ticket_id) REFERENCES tickets (id)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE INDEX ix_tags_tag_ticket_id ON tags (tag, ticket_id);

CREATE TABLE ticket_events (
    id BIGINT NOT NULL,
    ticket_id BIGINT NOT NULL,
    person_id BIGINT,
    kind VARCHAR(30) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    `before` VARCHAR(200) NOT NULL,
    after VARCHAR(200) NOT NULL,
    at DATETIME(6) NOT NULL,
    CONSTRAINT pk_ticket_events PRIMARY KEY (id),
    CONSTRAINT fk_ticket_events_ticket_id FOREIGN KEY(ticket_id) REFERENCES tickets (id),
    CONSTRAINT fk_ticket_events_person_id FOREIGN KEY(person_id) REFERENCES people (id)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE INDEX ix_ticket_events_person_id ON ticket_events (person_id);
CREATE INDEX ix_ticket_events_ticket_id ON ticket_events (ticket_id);

CREATE TABLE ticket_reminders (
    ticket_id BIGINT NOT NULL,
    due_at DATETIME(6) NOT NULL,
    told_at DATETIME(6) NOT NULL,
    CONSTRAINT pk_ticket_reminders PRIMARY KEY (ticket_id, due_at),
    CONSTRAINT fk_ticket_reminders_ticket_id FOREIGN KEY(ticket_id) REFERENCES tickets (id)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;

CREATE TABLE letters (
    id BIGINT NOT NULL,
    kind VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    dedupe VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    message_id VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    recipient VARCHAR(254) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    envelope_from VARCHAR(254) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    content LONGBLOB NOT NULL,
    person_id BIGINT,
    ticket_id BIGINT,
    mail_id BIGINT,
    state VARCHAR(20) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    attempts INTEGER NOT NULL,
    next_at DATETIME(6) NOT NULL,
    claim VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    last_error VARCHAR(500) NOT NULL,
    queued_at DATETIME(6) NOT NULL,
    sent_at DATETIME(6),
    bounced_at DATETIME(6),
    CONSTRAINT pk_letters PRIMARY KEY (id),
    CONSTRAINT uq_letters_dedupe UNIQUE (dedupe),
    CONSTRAINT uq_letters_message_id UNIQUE (message_id),
    CONSTRAINT fk_letters_person_id FOREIGN KEY(person_id) REFERENCES people (id),
    CONSTRAINT fk_letters_ticket_id FOREIGN KEY(ticket_id) REFERENCES tickets (id),
    CONSTRAINT fk_letters_mail_id FOREIGN KEY(mail_id) REFERENCES mails (id)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE INDEX ix_letters_mail_id ON letters (mail_id);
CREATE INDEX ix_letters_person_id ON letters (person_id);
CREATE INDEX ix_letters_recipient ON letters (recipient);
CREATE INDEX ix_letters_state_next_at ON letters (state, next_at);
CREATE INDEX ix_letters_ticket_id ON letters (ticket_id);

CREATE TABLE mail_orders (
    id BIGINT NOT NULL,
    mail_id BIGINT NOT NULL,
    mailbox_id BIGINT NOT NULL,
    kind VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    address VARCHAR(254) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    by_id BIGINT,
    asked_at DATETIME(6) NOT NULL,
    attempts INTEGER NOT NULL,
    done_at DATETIME(6),
    outcome VARCHAR(500) NOT NULL,
    CONSTRAINT pk_mail_orders PRIMARY KEY (id),
    CONSTRAINT fk_mail_orders_mail_id FOREIGN KEY(mail_id) REFERENCES mails (id),
    CONSTRAINT fk_mail_orders_mailbox_id FOREIGN KEY(mailbox_id) REFERENCES mailboxes (id),
    CONSTRAINT fk_mail_orders_by_id FOREIGN KEY(by_id) REFERENCES people (id)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE INDEX ix_mail_orders_by_id ON mail_orders (by_id);
CREATE INDEX ix_mail_orders_mail_id ON mail_orders (mail_id);
CREATE INDEX ix_mail_orders_mailbox_id_done_at ON mail_orders (mailbox_id, done_at);

CREATE TABLE posts (
    id BIGINT NOT NULL,
    ticket_id BIGINT NOT NULL,
    author_id BIGINT,
    mail_id BIGINT,
    internal BOOL NOT NULL,
    text LONGTEXT NOT NULL,
    folds JSON NOT NULL,
    created_at DATETIME(6) NOT NULL,
    CONSTRAINT pk_posts PRIMARY KEY (id),
    CONSTRAINT fk_posts_ticket_id FOREIGN KEY(ticket_id) REFERENCES tickets (id),
    CONSTRAINT fk_posts_author_id FOREIGN KEY(author_id) REFERENCES people (id),
    CONSTRAINT fk_posts_mail_id FOREIGN KEY(mail_id) REFERENCES mails (id)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE INDEX ix_posts_author_id ON posts (author_id);
CREATE INDEX ix_posts_mail_id ON posts (mail_id);
CREATE INDEX ix_posts_ticket_id ON posts (ticket_id);

CREATE TABLE attachments (
    id BIGINT NOT NULL,
    post_id BIGINT NOT NULL,
    `position` INTEGER NOT NULL,
    name VARCHAR(255) NOT NULL,
    content_type VARCHAR(127) NOT NULL,
    size INTEGER NOT NULL,
    sha256 VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    inline BOOL NOT NULL,
    CONSTRAINT pk_attachments PRIMARY KEY (id),
    CONSTRAINT fk_attachments_post_id FOREIGN KEY(post_id) REFERENCES posts (id)
) ENGINE=InnoDB CHARSET=utf8mb4 COLLATE utf8mb4_unicode_ci;
CREATE INDEX ix_attachments_post_id ON attachments (post_id);
CREATE INDEX ix_attachments_sha256 ON attachments (sha256);
