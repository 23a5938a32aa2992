-- Where some domains are, without DNS: KNOWN_HOSTS="montague.test=127.0.0.1:5269 …". For tests between servers on one machine.
local basic = require "net.resolvers.basic";
local service = require "net.resolvers.service";

local known = {};
for domain, address, port in (os.getenv("KNOWN_HOSTS") or ""):gmatch("([^%s=]+)=([%d%.]+):(%d+)") do
	known[domain] = { address = address, port = tonumber(port) };
end

local asked = service.new;
function service.new(domain, name, kind, extra)
	local place = known[domain];
	if not place then
		return asked(domain, name, kind, extra);
	elseif name == "xmpp-server" then
		return basic.new(place.address, place.port, kind or "tcp", extra);
	end
	return { next = function(_, found) found(nil, "none"); end };
end
