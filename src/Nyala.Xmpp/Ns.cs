namespace Nyala.Xmpp;

/// <summary>Every XML namespace Nyala speaks, once.</summary>
public static class Ns
{
    public const string Client = "jabber:client";
    public const string Streams = "http://etherx.jabber.org/streams";
    public const string Framing = "urn:ietf:params:xml:ns:xmpp-framing";
    public const string StreamErrors = "urn:ietf:params:xml:ns:xmpp-streams";
    public const string StanzaErrors = "urn:ietf:params:xml:ns:xmpp-stanzas";
    public const string Tls = "urn:ietf:params:xml:ns:xmpp-tls";
    public const string Sasl = "urn:ietf:params:xml:ns:xmpp-sasl";
    public const string Bind = "urn:ietf:params:xml:ns:xmpp-bind";
    public const string Session = "urn:ietf:params:xml:ns:xmpp-session";
    public const string Xml = "http://www.w3.org/XML/1998/namespace";
    public const string Xmlns = "http://www.w3.org/2000/xmlns/";

    public const string Sasl2 = "urn:xmpp:sasl:2";
    public const string Bind2 = "urn:xmpp:bind:0";
    public const string Fast = "urn:xmpp:fast:0";
    public const string ChannelBinding = "urn:xmpp:sasl-cb:0";
    public const string ScramDowngrade = "urn:xmpp:ssdp:0";
    public const string StreamLimits = "urn:xmpp:stream-limits:0";
    public const string StreamManagement = "urn:xmpp:sm:3";
    public const string ClientState = "urn:xmpp:csi:0";

    public const string Roster = "jabber:iq:roster";
    public const string RosterVersioning = "urn:xmpp:features:rosterver";
    public const string PreApproval = "urn:xmpp:features:pre-approval";
    public const string DiscoInfo = "http://jabber.org/protocol/disco#info";
    public const string DiscoItems = "http://jabber.org/protocol/disco#items";
    public const string Caps = "http://jabber.org/protocol/caps";
    public const string Caps2 = "urn:xmpp:caps";
    public const string Hashes = "urn:xmpp:hashes:2";
    public const string LastActivity = "jabber:iq:last";
    public const string PrivateXml = "jabber:iq:private";
    public const string VCard = "vcard-temp";
    public const string VCardUpdate = "vcard-temp:x:update";
    public const string Version = "jabber:iq:version";
    public const string Blocking = "urn:xmpp:blocking";
    public const string BlockingErrors = "urn:xmpp:blocking:errors";
    public const string Ping = "urn:xmpp:ping";
    public const string Time = "urn:xmpp:time";
    public const string Delay = "urn:xmpp:delay";
    public const string Carbons = "urn:xmpp:carbons:2";
    public const string Forward = "urn:xmpp:forward:0";
    public const string Mam = "urn:xmpp:mam:2";
    public const string MamExtended = "urn:xmpp:mam:2#extended";
    public const string Rsm = "http://jabber.org/protocol/rsm";
    public const string Commands = "http://jabber.org/protocol/commands";
    public const string DataForms = "jabber:x:data";
    public const string DataValidation = "http://jabber.org/protocol/xdata-validate";
    public const string Hints = "urn:xmpp:hints";
    public const string StanzaIds = "urn:xmpp:sid:0";
    public const string Register = "jabber:iq:register";
    public const string RegisterFeature = "http://jabber.org/features/iq-register";
    public const string Invite = "urn:xmpp:invite";
    public const string PreAuth = "urn:xmpp:pars:0";
    public const string IbrToken = "urn:xmpp:ibr-token:0";
    public const string Offline = "msgoffline";
    public const string ChatStates = "http://jabber.org/protocol/chatstates";
    public const string Receipts = "urn:xmpp:receipts";
    public const string ChatMarkers = "urn:xmpp:chat-markers:0";
    public const string Reactions = "urn:xmpp:reactions:0";
    public const string Retraction = "urn:xmpp:message-retract:1";
    public const string Correction = "urn:xmpp:message-correct:0";
    public const string Encryption = "urn:xmpp:eme:0";
    public const string Omemo = "eu.siacs.conversations.axolotl";
    public const string Omemo2 = "urn:xmpp:omemo:2";
    public const string OpenPgp = "urn:xmpp:openpgp:0";
    public const string LegacyPgp = "jabber:x:encrypted";
    public const string JingleMessages = "urn:xmpp:jingle-message:0";
    public const string Muc = "http://jabber.org/protocol/muc";
    public const string MucUser = "http://jabber.org/protocol/muc#user";
    public const string DirectInvite = "jabber:x:conference";
    public const string HttpAuth = "http://jabber.org/protocol/http-auth";
    public const string StanzaOob = "jabber:x:oob";
    public const string AltConnectWebSocket = "urn:xmpp:alt-connections:websocket";
}
