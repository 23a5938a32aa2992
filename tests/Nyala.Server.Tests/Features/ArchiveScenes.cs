using Xunit;

namespace Nyala.Server.Tests.Features;

/// <summary>XEP-0313 on the wire: what a client may ask for.</summary>
public sealed class ArchiveScenes(SharedServer shared) : Scene(shared)
{
    [Fact]
    public async Task The_form_names_the_fields_and_leaves_the_ids_open()
    {
        var romeo = await LoginAsync(Romeo);
        await AskAsync(romeo, "get", "<query xmlns='urn:xmpp:mam:2'/>",
            """
            <query xmlns='urn:xmpp:mam:2'><x xmlns='jabber:x:data' type='form'>
            <field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field>
            <field var='with' type='jid-single'/><field var='start' type='text-single'/><field var='end' type='text-single'/>
            <field var='before-id' type='text-single'/><field var='after-id' type='text-single'/>
            <field var='ids' type='list-multi'><validate xmlns='http://jabber.org/protocol/xdata-validate' datatype='xs:string'><open/></validate></field>
            </x></query>
            """);
    }
}
