using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Server.Tests.Routing;

public sealed class PrivateMessageTests
{
    [Theory]
    [InlineData("private", Ns.Carbons)]
    [InlineData("no-copy", Ns.Hints)]
    public void A_private_message_is_kept_but_not_copied_to_other_devices(string name, string ns)
    {
        var message = new Element("message", Ns.Client).Set("type", "chat").Add(new Element("body", Ns.Client).AddText("secret")).Add(new Element(name, ns));
        var policy = MessagePolicy.Of(Stanza.Of(message));
        Assert.False(policy.Copy);
        Assert.Equal(RowFlags.InSenderArchive | RowFlags.InRecipientArchive | RowFlags.Deliver, policy.Flags);
    }

    [Fact]
    public void A_chat_state_marked_private_stays_transient()
    {
        var message = new Element("message", Ns.Client).Set("type", "chat").Add(new Element("composing", Ns.ChatStates)).Add(new Element("private", Ns.Carbons));
        Assert.Equal(new MessagePolicy(RowFlags.None, Copy: false, Urgent: false), MessagePolicy.Of(Stanza.Of(message)));
    }
}
