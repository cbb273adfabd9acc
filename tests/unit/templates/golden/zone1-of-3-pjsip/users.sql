-- Users of one zone's chan_pjsip. Asterisk looks each of them up when it has to do with him: to have one
-- more, it need not read thousands again. Loaded as a whole or not at all.
BEGIN IMMEDIATE;
DROP VIEW IF EXISTS ps_endpoints;
DROP VIEW IF EXISTS ps_auths;
DROP VIEW IF EXISTS ps_aors;
DROP TABLE IF EXISTS users;

CREATE TABLE users (extension TEXT PRIMARY KEY, name TEXT, secret TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO users VALUES
('1001', 'Alice Example', 'secret-of-1001'),
('1002', NULL, 'secret-of-1002');

-- What all users have in common, under the names of Asterisk's settings. At its start Asterisk asks for
-- all, and sorts them into a list that it searches from its lowest end: in falling order that costs nothing.
CREATE VIEW ps_endpoints AS SELECT
  extension AS id,
  extension AS aors,
  extension AS auth,
  'tcp' AS transport,
  'from-users' AS context,
  -- What the dial plan bounds calls by; part of each record.
  extension AS accountcode,
  'username,auth_username' AS identify_by,
  'all' AS disallow,
  'ulaw,alaw' AS allow,
  '"' || ifnull(name, extension) || '" <' || extension || '>' AS callerid,
  -- Who calls is shown at the address that phones know, where a call back arrives.
  '198.51.100.10' AS from_domain,
  'no' AS direct_media,
  '198.51.100.11' AS media_address,
  'yes' AS rewrite_contact,
  'yes' AS rtp_symmetric,
  'yes' AS force_rport,
  -- The name and number of a caller are those of the account, whatever the phone claims.
  'no' AS trust_id_inbound,
  -- A phone that cannot receive digits as RFC 4733 has them gets them as INFO.
  'auto_info' AS dtmf_mode,
  -- A phone may transfer a call to whatever it may call.
  'TRANSFER_CONTEXT=transfer' AS set_var,
  -- There is no such context: a message outside of a call has no receiver.
  'messages' AS message_context,
  -- A call whose media has stopped is over, whether or not its phone could say so (seconds).
  '300' AS rtp_timeout,
  '3600' AS rtp_timeout_hold
FROM users ORDER BY extension DESC;

CREATE VIEW ps_auths AS SELECT
  extension AS id,
  'userpass' AS auth_type,
  'trunkline' AS realm,
  extension AS username,
  secret AS password
FROM users
UNION ALL SELECT 'healthcheck', 'userpass', 'trunkline', 'healthcheck', hex(randomblob(32))
ORDER BY 1 DESC;

-- A phone that moved to another zone leaves a registration behind: it must not outlive a minute. No phone
-- is asked in between (qualify_frequency) whether it is there: for that, Asterisk would go through all
-- users whenever a new one registers.
CREATE VIEW ps_aors AS SELECT
  extension AS id,
  '1' AS max_contacts,
  'yes' AS remove_existing,
  '30' AS minimum_expiration,
  '60' AS maximum_expiration,
  '60' AS default_expiration
FROM users ORDER BY extension DESC;
COMMIT;
