using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp.Stanzas;
using Xunit;

namespace Nyala.Server.Tests.Routing;

/// <summary>DELIVERY R7: one table says what is archived, kept for the absent, copied, and shown to inactive clients.</summary>
public sealed class MessagePolicyTests
{
    const string Body = "<body>Hi</body>";
    const string Composing = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
    const string NoStore = "<no-store xmlns='urn:xmpp:hints'/>";

    /// <summary>Content; the letters: a archived on both sides, d kept until delivered, c copied, u urgent, p push, r push that
    /// rings.</summary>
    public static TheoryData<string, string, string> Table => new()
    {
        { "chat", Body, "adcup" },
        { "normal", Body, "adcup" },
        { "", Body, "adcup" },
        { "strange", Body, "adcup" },
        { "chat", Body + Composing, "adcup" },
        { "chat", "<encrypted xmlns='eu.siacs.conversations.axolotl'/>", "adcu" },
        { "chat", "<encrypted xmlns='urn:xmpp:omemo:2'/>", "adcu" },
        { "normal", "<encrypted xmlns='urn:xmpp:omemo:2'/>", "adcu" },
        { "chat", "<encrypted xmlns='eu.siacs.conversations.axolotl'><header/><payload>x</payload></encrypted>", "adcup" },
        { "chat", "<encrypted xmlns='urn:xmpp:omemo:2'><payload>x</payload></encrypted>", "adcup" },
        { "chat", "<proceed xmlns='urn:xmpp:jingle-message:0' id='1'/>", "adcu" },
        { "chat", "<openpgp xmlns='urn:xmpp:openpgp:0'/>", "adcup" },
        { "chat", "<x xmlns='jabber:x:encrypted'/>", "adcup" },
        { "chat", "<received xmlns='urn:xmpp:receipts' id='1'/>", "adcu" },
        { "normal", "<received xmlns='urn:xmpp:receipts' id='1'/>", "adcu" },
        { "chat", "<received xmlns='urn:xmpp:chat-markers:0' id='1'/>", "adcu" },
        { "chat", "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", "adcu" },
        { "chat", "<acknowledged xmlns='urn:xmpp:chat-markers:0' id='1'/>", "adcu" },
        { "chat", "<reactions xmlns='urn:xmpp:reactions:0' id='1'/>", "adcup" },
        { "chat", "<retract xmlns='urn:xmpp:message-retract:1' id='1'/>", "adcu" },
        { "chat", "<replace xmlns='urn:xmpp:message-correct:0' id='1'/>" + Body, "adcup" },
        { "normal", "<x xmlns='jabber:x:conference' jid='room@muc.localhost'/>", "adcup" },
        { "normal", "<x xmlns='http://jabber.org/protocol/muc#user'><invite from='a@b'/></x>", "adcup" },
        { "chat", "<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>", "adcur" },
        { "chat", "<store xmlns='urn:xmpp:hints'/>", "adcu" },
        { "chat", Composing + "<store xmlns='urn:xmpp:hints'/>", "adcu" },

        // Neither history nor nothing: it waits for an absent recipient (XEP-0160 §3).
        { "chat", "<unknown xmlns='urn:example'/>", "dcu" },
        { "normal", "<unknown xmlns='urn:example'/>", "du" },
        { "chat", Body + "<no-permanent-store xmlns='urn:xmpp:hints'/>", "dcu" },

        // Transient.
        { "chat", Composing, "c" },
        { "chat", Composing + "<thread>1</thread>", "c" },
        { "chat", "", "c" },
        { "normal", Composing, "c" },
        { "normal", Composing + NoStore, "c" },
        { "normal", "", "" },
        { "chat", Body + NoStore, "cu" },
        { "chat", "<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>" + NoStore, "cu" },
        { "headline", Body, "" },
        { "headline", Body + "<store xmlns='urn:xmpp:hints'/>", "" },
        { "groupchat", Body, "u" },

        { "chat", Body + "<no-copy xmlns='urn:xmpp:hints'/>", "adup" },
        { "chat", Body + "<private xmlns='urn:xmpp:carbons:2'/>", "adup" },
    };

    [Theory]
    [MemberData(nameof(Table))]
    public void A_message_is_worth_what_the_table_says(string type, string content, string letters)
    {
        var policy = MessagePolicy.Of(Message(type, content));
        var flags = (letters.Contains('a') ? RowFlags.InSenderArchive | RowFlags.InRecipientArchive : RowFlags.None)
            | (letters.Contains('d') ? RowFlags.Deliver : RowFlags.None);
        var push = letters.Contains('r') ? PushKind.Call : letters.Contains('p') ? PushKind.Message : PushKind.None;
        Assert.Equal(new MessagePolicy(flags, letters.Contains('c'), letters.Contains('u'), push), policy);
    }

    [Fact]
    public void A_bounce_is_history_of_who_sent_the_original_and_never_waits_for_delivery() =>
        Assert.Equal(new MessagePolicy(RowFlags.InRecipientArchive, Copy: true, Urgent: true), MessagePolicy.Of(Message("error", Body)));

    [Fact]
    public void A_bounce_that_says_not_to_be_stored_is_not() =>
        Assert.Equal(RowFlags.None, MessagePolicy.Of(Message("error", Body + NoStore)).Flags);

    static Stanza Message(string type, string content) =>
        Stanza.Parse(System.Text.Encoding.UTF8.GetBytes($"<message id='m1'{(type.Length == 0 ? "" : $" type='{type}'")}>{content}</message>"));
}
