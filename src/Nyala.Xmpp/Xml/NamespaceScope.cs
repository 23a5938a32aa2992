// HOT PATH
using Nyala.Xmpp.Stanzas;

namespace Nyala.Xmpp.Xml;

/// <summary>A prefix and the namespace it stands for; the prefix is empty for the default namespace.</summary>
readonly record struct Binding(string Prefix, string Namespace);

/// <summary>The namespace declarations in force at one place of a document (Namespaces in XML 1.0).</summary>
sealed class NamespaceScope
{
    /// <summary>What is in force where a canonical stanza stands: jabber:client and nothing else.</summary>
    public static readonly Binding[] Client = [new("", Ns.Client)];

    /// <summary>What is in force at the start of a document.</summary>
    public static readonly Binding[] Empty = [];

    // Far above what anybody sends; keeps looking a prefix up cheap whatever is sent.
    const int MostBindings = 256;
    const int LongestName = 1024;
    const int KeptBindings = 16;

    Binding[] _bindings = new Binding[8];
    string?[] _resolved = [];
    int _outer;

    /// <summary>How many declarations are in force; a mark for <see cref="Leave"/>.</summary>
    public int Count { get; private set; }

    /// <summary>The default namespace, empty when there is none.</summary>
    public string Default => Find("", out _) ?? "";

    /// <summary>Begins with what the surroundings declare.</summary>
    public void Start(ReadOnlySpan<Binding> outer)
    {
        if (outer.Length > _bindings.Length)
        {
            _bindings = new Binding[outer.Length * 2];
        }

        outer.CopyTo(_bindings);
        Count = _outer = outer.Length;
    }

    /// <summary>Lets go of what an unusual element made it hold.</summary>
    public void Trim()
    {
        if (_bindings.Length > KeptBindings)
        {
            _bindings = new Binding[8];
        }

        Array.Clear(_bindings);
        Array.Clear(_resolved);
        Count = _outer = 0;
    }

    /// <summary>Forgets the declarations made since <paramref name="mark"/>.</summary>
    public void Leave(int mark) => Count = mark;

    /// <summary>The declarations in force, the later winning.</summary>
    public ReadOnlySpan<Binding> Bindings => _bindings.AsSpan(0, Count);

    /// <summary>Adds a tag's declarations and checks every prefix it uses.</summary>
    /// <param name="tag">The tag, taken apart.</param>
    /// <param name="bytes">Its bytes.</param>
    /// <param name="usesOuter">Set to true when a prefix from the surroundings is used.</param>
    public StreamError? Enter(StartTag tag, ReadOnlySpan<byte> bytes, ref bool usesOuter)
    {
        var prefixed = 0;
        foreach (ref readonly var attribute in tag.Attributes)
        {
            if (attribute.Colon == 0)
            {
                if (attribute.Name(bytes).SequenceEqual("xmlns"u8) && Declare("", attribute.Value(bytes)) is { } error)
                {
                    return error;
                }
            }
            else if (!attribute.Prefix(bytes).SequenceEqual("xmlns"u8))
            {
                prefixed++;
            }
            else if (Declare(Interned.Get(attribute.LocalName(bytes)), attribute.Value(bytes)) is { } error)
            {
                return error;
            }
        }

        if (tag.Colon > 0 && Resolve(tag.Prefix(bytes), ref usesOuter) is null or Ns.Xmlns)
        {
            return StreamError.NotWellFormed;
        }

        return prefixed == 0 ? null : CheckAttributes(tag, bytes, ref usesOuter);
    }

    /// <summary>The namespace a prefix stands for, or null when it is not declared.</summary>
    public string? Resolve(ReadOnlySpan<byte> prefix, ref bool usesOuter)
    {
        if (prefix.SequenceEqual("xml"u8))
        {
            return Ns.Xml;
        }

        var found = Find(Interned.Get(prefix), out var at);
        usesOuter |= at < _outer;
        return found;
    }

    /// <summary>The namespace of the element whose tag was entered last.</summary>
    public string NamespaceOf(StartTag tag, ReadOnlySpan<byte> bytes)
    {
        var ignored = false;
        return tag.Colon == 0 ? Default : Resolve(tag.Prefix(bytes), ref ignored)!;
    }

    string? Find(string prefix, out int at)
    {
        for (at = Count - 1; at >= 0; at--)
        {
            if (_bindings[at].Prefix == prefix)
            {
                return _bindings[at].Namespace;
            }
        }

        return null;
    }

    StreamError? Declare(string prefix, ReadOnlySpan<byte> value)
    {
        if (value.Length > LongestName || Count == MostBindings)
        {
            return StreamError.PolicyViolation with { Text = "Too many or too long namespace declarations." };
        }

        // Namespaces in XML §3: the two reserved prefixes keep their names, and nothing else gets these; a prefix cannot be undeclared.
        var name = XmlText.DecodeValue(value);
        if (prefix == "xmlns" || name == Ns.Xmlns || (prefix == "xml") != (name == Ns.Xml) || (name.Length == 0 && prefix.Length > 0))
        {
            return StreamError.NotWellFormed;
        }

        if (Count == _bindings.Length)
        {
            Array.Resize(ref _bindings, Count * 2);
        }

        _bindings[Count++] = new Binding(prefix, name);
        return null;
    }

    /// <summary>Prefixes must be declared, and two of them must not make the same name (Namespaces in XML §6.3).</summary>
    StreamError? CheckAttributes(StartTag tag, ReadOnlySpan<byte> bytes, ref bool usesOuter)
    {
        var attributes = tag.Attributes;
        if (_resolved.Length < attributes.Length)
        {
            _resolved = new string?[attributes.Length];
        }

        for (var i = 0; i < attributes.Length; i++)
        {
            ref readonly var attribute = ref attributes[i];
            _resolved[i] = null;
            if (attribute.Colon == 0 || attribute.Prefix(bytes).SequenceEqual("xmlns"u8))
            {
                continue;
            }

            if (Resolve(attribute.Prefix(bytes), ref usesOuter) is not { } name)
            {
                return StreamError.NotWellFormed;
            }

            for (var j = 0; j < i; j++)
            {
                if (_resolved[j] == name && attributes[j].LocalName(bytes).SequenceEqual(attribute.LocalName(bytes)))
                {
                    return StreamError.NotWellFormed;
                }
            }

            _resolved[i] = name;
        }

        return null;
    }
}
