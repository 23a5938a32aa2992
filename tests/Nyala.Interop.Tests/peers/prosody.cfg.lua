-- Debian's Prosody, for the same scenes: NYALA_INTEROP_SERVER=prosody tells whether Nyala or the client is wrong.
-- Everything that differs between runs comes from the environment; all listeners are on loopback.
run_as_root = true
data_path = ENV_PROSODY_DATA
certificates = ENV_PROSODY_DATA
pidfile = ENV_PROSODY_DATA .. "/prosody.pid"
log = { info = "*console" }
interfaces = { "127.0.0.1" }
c2s_ports = { tonumber(ENV_PROSODY_XMPP) }
c2s_direct_tls_ports = { tonumber(ENV_PROSODY_XMPPTLS) }
http_interfaces = { "127.0.0.1" }
http_ports = { tonumber(ENV_PROSODY_HTTP) }
https_interfaces = { "127.0.0.1" }
https_ports = { tonumber(ENV_PROSODY_HTTPS) }
s2s_ports = {}
modules_disabled = { "s2s" }
modules_enabled = {
  "disco", "roster", "saslauth", "tls", "blocklist", "carbons", "pep", "private", "smacks", "vcard4", "vcard_legacy",
  "csi_simple", "ping", "register", "time", "version", "mam", "websocket", "offline",
}
authentication = "internal_hashed"
c2s_require_encryption = true
consider_websocket_secure = true
allow_registration = true
archive_expires_after = "never"
default_archive_policy = true
storage = "internal"
http_default_host = "localhost"
limits = {}
ssl = { certificate = ENV_PROSODY_DATA .. "/localhost.crt", key = ENV_PROSODY_DATA .. "/localhost.key" }

VirtualHost "localhost"
