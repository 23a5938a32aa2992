-- Debian's Prosody as another server that Nyala talks with; all of it on loopback. What differs between runs comes from the environment.
run_as_root = true
data_path = ENV_PEER_DATA
certificates = ENV_PEER_DATA
pidfile = ENV_PEER_DATA .. "/prosody.pid"
log = { debug = "*console" }
interfaces = { "127.0.0.1" }
c2s_ports = { tonumber(ENV_PEER_CLIENTS) }
s2s_ports = { tonumber(ENV_PEER_SERVERS) }
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
s2s_require_encryption = true
s2s_secure_auth = ENV_PEER_SECURE == "true"
plugin_paths = { ENV_PEER_PLUGINS }
modules_enabled = { "known_hosts", "disco", "roster", "saslauth", "tls", "dialback", "smacks", "s2s_bidi", "ping", "offline", "pep", "carbons", "mam" }
authentication = "internal_hashed"
storage = "internal"
limits = {}
ssl = {
  certificate = ENV_PEER_DATA .. "/capulet.test.crt", key = ENV_PEER_DATA .. "/capulet.test.key",
  cafile = ENV_PEER_DATA .. "/roots.crt",
}

VirtualHost "capulet.test"
Component "rooms.capulet.test" "muc"
