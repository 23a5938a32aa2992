-- Prosody as bench/compare runs it: what it does for history and acknowledgements, without limits. ENV_* come from the script.
data_path = ENV_PEER_DIR .. "/data"                       -- a temporary directory, Debian's default store (files) in it
pidfile = ENV_PEER_DIR .. "/prosody.pid"                  -- never the system's
certificates = ENV_PEER_DIR                               -- one self-signed ECDSA P-256 certificate, the same for all servers
log = { error = ENV_PEER_DIR .. "/prosody.log" }          -- as quiet as the others
run_as_root = true                                        -- started by hand in a temporary directory
interfaces = { "127.0.0.1" }                              -- loopback only
c2s_ports = { tonumber(ENV_PEER_PORT) }                   -- STARTTLS and plain
c2s_direct_tls_ports = { tonumber(ENV_PEER_TLS_PORT) }    -- direct TLS
s2s_ports = {}                                            -- no other servers in these runs
c2s_require_encryption = false                            -- plain connections are measured too
allow_unencrypted_plain_auth = false                      -- SCRAM all the same
authentication = "internal_hashed"                        -- salted SCRAM keys, Debian's default
password_hash = "SHA-256"                                 -- the same mechanism on every server
allow_registration = true                                 -- the generator registers its users in-band
registration_throttle_max = 0                             -- and many of them
network_backend = "epoll"                                 -- the default, named
network_settings = { tcp_backlog = 1024 }                 -- storms arrive at once
gc = { mode = "generational" }                            -- the default of Debian's 0.12 package

modules_enabled = {
  "posix", "saslauth", "tls", "disco", "roster", "ping",  -- what any server has
  "private", "blocklist", "pep", "vcard4", "vcard_legacy", -- and Debian's file enables
  "register",                                             -- XEP-0077
  "mam",                                                  -- history …
  "carbons",                                              -- XEP-0280
  "smacks",                                               -- XEP-0198
  "csi_simple",                                           -- XEP-0352
}
modules_disabled = { "s2s", "limits" }                    -- mod_offline stays on by default
default_archive_policy = true                             -- … of every message, for everybody
archive_expires_after = "never"                           -- no expiry run in the middle of a measurement

VirtualHost "localhost"

Component "rooms.localhost" "muc"                         -- where rooms are looked for on every server
modules_enabled = { "muc_mam" }                           -- and kept
muc_room_default_persistent = true
muc_log_by_default = true
