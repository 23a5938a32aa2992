using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>Private XML (XEP-0049), vCards (XEP-0054) and last activity (XEP-0012).</summary>
public sealed class SmallServicesScenes
{
    [Fact]
    public async Task Private_documents_are_kept_by_name_and_namespace()
    {
        await using var server = await Scenery.WithAsync("romeo");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        const string get = "<iq type='get' id='g'><query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query></iq>";
        await romeo.AskAsync(get, "<iq type='result' id='g'><query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'/></query></iq>");
        await romeo.AskAsync(
            "<iq type='set' id='s'><query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'><url name='Verona'/></storage><other xmlns='example:o'>o</other></query></iq>",
            "<iq type='result' id='s'/>");
        await romeo.AskAsync(get, "<iq type='result' id='g'><query xmlns='jabber:iq:private'><storage xmlns='storage:bookmarks'><url name='Verona'/></storage></query></iq>");
        await romeo.AskAsync(
            "<iq type='get' id='o'><query xmlns='jabber:iq:private'><other xmlns='example:o'/></query></iq>",
            "<iq type='result' id='o'><query xmlns='jabber:iq:private'><other xmlns='example:o'>o</other></query></iq>");
        await romeo.AskAsync(
            "<iq type='get' id='e'><query xmlns='jabber:iq:private'/></iq>",
            "<iq type='error' id='e'><error><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    }

    [Fact]
    public async Task A_card_is_written_by_its_owner_and_read_by_all()
    {
        await using var server = await Scenery.WithAsync("romeo", "juliet");
        await using var romeo = await server.LoginAsync("romeo", "garden");
        await using var juliet = await server.LoginAsync("juliet", "balcony");
        await romeo.AskAsync("<iq type='get' id='g'><vCard xmlns='vcard-temp'/></iq>", "<iq type='result' id='g'><vCard xmlns='vcard-temp'/></iq>");
        await romeo.AskAsync("<iq type='set' id='s'><vCard xmlns='vcard-temp'><FN>Romeo</FN></vCard></iq>", "<iq type='result' id='s'/>");
        await juliet.AskAsync(
            "<iq type='get' id='g' to='romeo@localhost'><vCard xmlns='vcard-temp'/></iq>",
            "<iq type='result' id='g' from='romeo@localhost'><vCard xmlns='vcard-temp'><FN>Romeo</FN></vCard></iq>");
        await juliet.AskAsync(
            "<iq type='set' id='s' to='romeo@localhost'><vCard xmlns='vcard-temp'><FN>Fool</FN></vCard></iq>",
            $"<iq type='error' id='s'>{Scenery.Refused}</iq>");
    }

    [Fact]
    public async Task Subscribers_learn_since_when_somebody_is_away_also_after_a_goodbye()
    {
        await using var server = await Scenery.WithAsync("romeo", "juliet");
        await using var romeo = await server.EnterAsync("romeo", "garden");
        await using var juliet = await server.EnterAsync("juliet", "balcony");
        const string last = "<iq type='get' id='l' to='juliet@localhost'><query xmlns='jabber:iq:last'/></iq>";
        await romeo.AskAsync(last, $"<iq type='error' id='l'>{Scenery.Refused}</iq>");
        await Scenery.BefriendAsync(romeo, juliet);
        await romeo.AskAsync(last, "<iq type='result' id='l'><query xmlns='jabber:iq:last' seconds='0'/></iq>");
        await juliet.SendAsync("<presence type='unavailable'/></stream:stream>");
        await juliet.ExpectAsync("<presence type='unavailable' from='juliet@localhost/balcony'/>");
        await juliet.ExpectEndAsync();
        await romeo.ExpectAsync("<presence type='unavailable' from='juliet@localhost/balcony'/>");
        await romeo.AskAsync(last, "<iq type='result' id='l'><query xmlns='jabber:iq:last' seconds='*'/></iq>");
    }
}
