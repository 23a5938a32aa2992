using System.Text;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;
using Xunit;

namespace Nyala.Xmpp.Tests.Payloads;

public sealed class DataFormTests
{
    [Fact]
    public void A_form_is_written_and_read()
    {
        var form = new DataForm("form", "urn:example") { Title = "Title" }
            .Instruct("Fill in.")
            .Add(new DataFormField("room", "list-single", ["a"])
            {
                Label = "Room",
                Description = "Which one",
                Required = true,
                Options = [("A", "a"), (null, "b")],
            })
            .Add("open", "boolean", "1");
        const string Xml = "<x xmlns='jabber:x:data' type='form'><title>Title</title><instructions>Fill in.</instructions>"
            + "<field var='FORM_TYPE' type='hidden'><value>urn:example</value></field>"
            + "<field var='room' type='list-single' label='Room'><desc>Which one</desc><required/><value>a</value>"
            + "<option label='A'><value>a</value></option><option><value>b</value></option></field>"
            + "<field var='open' type='boolean'><value>1</value></field></x>";
        Assert.Equal(Xml, form.ToElement().ToString());
        Assert.True(DataForm.TryParse(Stanza.Parse(Encoding.UTF8.GetBytes(Xml)).ToElement(), out var again));
        Assert.Equal(Xml, again.ToElement().ToString());
        Assert.Equal("urn:example", again.FormType);
        Assert.True(again["open"]!.AsBoolean());
        Assert.Null(again["room"]!.AsBoolean());
        Assert.Null(again["nothing"]);
    }

    [Fact]
    public void A_table_is_written_and_read()
    {
        var table = new DataForm("result")
            .Report(new DataFormField("jid", "jid-single", []))
            .AddItem(new DataFormField("jid", null, ["a@example.com"]))
            .AddItem(new DataFormField("jid", null, ["b@example.com"]));
        Assert.True(DataForm.TryParse(table.ToElement(), out var again));
        Assert.Equal(table.ToElement().ToString(), again.ToElement().ToString());
        Assert.Equal("b@example.com", again.Items[1][0].Value);
    }

    [Fact]
    public void A_submission_may_leave_types_out()
    {
        var form = new DataForm("submit", "urn:xmpp:mam:2").Add(new DataFormField("with", null, ["juliet@example.com"]));
        Assert.True(DataForm.TryParse(form.ToElement(), out var again));
        Assert.Equal("urn:xmpp:mam:2", again.FormType);
        Assert.Equal("juliet@example.com", again["with"]?.Value);
    }

    [Fact]
    public void A_form_type_that_is_not_hidden_is_none() =>
        Assert.Null(new DataForm("result").Add("FORM_TYPE", "text-single", "a").FormType);

    [Fact]
    public void Strangers_in_a_form_are_ignored()
    {
        Assert.True(DataForm.TryParse(new Element("x", Ns.DataForms).Set("type", "submit").Add(new Element("odd", "urn:odd")), out var form));
        Assert.Empty(form.Fields);
    }

    [Theory]
    [InlineData("<x xmlns='jabber:x:data'/>")]
    [InlineData("<x xmlns='jabber:x:data' type='odd'/>")]
    [InlineData("<x xmlns='jabber:x:odd' type='form'/>")]
    [InlineData("<x xmlns='jabber:x:data' type='submit'><field><value>1</value></field></x>")]
    [InlineData("<x xmlns='jabber:x:data' type='form'><field var='a'><option/></field></x>")]
    [InlineData("<x xmlns='jabber:x:data' type='result'><item><field/></item></x>")]
    public void What_is_malformed_is_refused(string xml) =>
        Assert.False(DataForm.TryParse(Stanza.Parse(Encoding.UTF8.GetBytes(xml)).ToElement(), out _));
}
