// HOT PATH
using Nyala.Xmpp.Xml;

namespace Nyala.Xmpp.Stanzas;

/// <summary>A direct child of a stanza: what it is and where its bytes are.</summary>
struct StanzaChild
{
    public string Name;
    public string Namespace;
    public int Start;
    public int Length;

    public readonly int End => Start + Length;
}

/// <summary>What is known of a stanza beside its bytes. All places are offsets into those.</summary>
struct StanzaLayout
{
    public string Name;
    public string Namespace;
    public string? TypeText;
    public StanzaChild[] Children;
    public Jid? To;
    public Jid? From;
    public bool MalformedAddress;
    public StanzaKind Kind;
    public StanzaType Type;

    /// <summary>The length of the name as written after the first <c>&lt;</c>.</summary>
    public int NameLength;

    public int IdStart;

    /// <summary>The length of the raw id, or -1 when there is none.</summary>
    public int IdLength;

    /// <summary>Just after the start tag.</summary>
    public int ContentStart;

    /// <summary>Where the end tag begins; for an empty element the end of all.</summary>
    public int ContentEnd;

    public static StanzaKind KindOf(string name, string ns) => ns != Ns.Client ? StanzaKind.Nonza : name switch
    {
        "message" => StanzaKind.Message,
        "presence" => StanzaKind.Presence,
        "iq" => StanzaKind.Iq,
        _ => StanzaKind.Nonza,
    };

    /// <summary>Takes note of an attribute without a prefix that every stanza may have (RFC 6120 §8.1).</summary>
    public void Note(ReadOnlySpan<byte> name, int valueStart, ReadOnlySpan<byte> value)
    {
        if (name.SequenceEqual("to"u8))
        {
            To = Address(value);
        }
        else if (name.SequenceEqual("from"u8))
        {
            From = Address(value);
        }
        else if (name.SequenceEqual("id"u8))
        {
            IdStart = valueStart;
            IdLength = value.Length;
        }
        else if (name.SequenceEqual("type"u8))
        {
            TypeText = XmlText.DecodeValue(value);
        }
    }

    /// <summary>The same with everything behind the name so many bytes further on.</summary>
    public readonly StanzaLayout Behind(int bytes)
    {
        var moved = this;
        moved.IdStart += bytes;
        moved.ContentStart += bytes;
        moved.ContentEnd += bytes;
        moved.Children = [.. Children];
        foreach (ref var child in moved.Children.AsSpan())
        {
            child.Start += bytes;
        }

        return moved;
    }

    /// <summary>Finds out the type once the kind and the attributes are known.</summary>
    public void JudgeType() => Type = (Kind, TypeText) switch
    {
        (_, null) => StanzaType.None,
        (_, "error") => StanzaType.Error,
        (StanzaKind.Message, "chat") => StanzaType.Chat,
        (StanzaKind.Message, "groupchat") => StanzaType.Groupchat,
        (StanzaKind.Message, "headline") => StanzaType.Headline,
        (StanzaKind.Message, "normal") => StanzaType.Normal,
        (StanzaKind.Presence, "unavailable") => StanzaType.Unavailable,
        (StanzaKind.Presence, "subscribe") => StanzaType.Subscribe,
        (StanzaKind.Presence, "subscribed") => StanzaType.Subscribed,
        (StanzaKind.Presence, "unsubscribe") => StanzaType.Unsubscribe,
        (StanzaKind.Presence, "unsubscribed") => StanzaType.Unsubscribed,
        (StanzaKind.Presence, "probe") => StanzaType.Probe,
        (StanzaKind.Iq, "get") => StanzaType.Get,
        (StanzaKind.Iq, "set") => StanzaType.Set,
        (StanzaKind.Iq, "result") => StanzaType.Result,
        _ => StanzaType.Unknown,
    };

    Jid? Address(ReadOnlySpan<byte> value)
    {
        if (Kind == StanzaKind.Nonza)
        {
            return null;
        }

        var valid = XmlText.IsVerbatim(value) ? Jid.TryParse(value, out var jid) : Jid.TryParse(XmlText.DecodeValue(value).AsSpan(), out jid);
        MalformedAddress |= !valid;
        return jid;
    }
}
