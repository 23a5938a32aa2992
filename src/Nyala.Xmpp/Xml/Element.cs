using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Nyala.Xmpp.Xml;

/// <summary>
/// A small XML tree for everything that is not hot: iq payloads, stream features, stored forms. Names are kept with
/// their resolved namespace, prefixes are not kept. Not safe for concurrent mutation; treat as frozen once handed on.
/// </summary>
public sealed class Element
{
    List<KeyValuePair<string, string>>? _attributes;
    List<object>? _nodes;

    /// <param name="name">The local name.</param>
    /// <param name="ns">The namespace; children without their own inherit it when written.</param>
    public Element(string name, string ns)
    {
        Name = name;
        Namespace = ns;
    }

    public string Name { get; }

    public string Namespace { get; }

    /// <summary>The attributes in document order; a namespaced attribute's key is <c>{namespace}local</c>, <c>xml:lang</c> stays <c>xml:lang</c>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Attributes => _attributes ?? (IReadOnlyList<KeyValuePair<string, string>>)[];

    /// <summary>The children in document order: <see cref="Element"/> or <see cref="string"/>.</summary>
    public IReadOnlyList<object> Nodes => _nodes ?? (IReadOnlyList<object>)[];

    /// <summary>The child elements in document order.</summary>
    public IEnumerable<Element> Children => _nodes is null ? [] : _nodes.OfType<Element>();

    /// <summary>The attribute's value, or null.</summary>
    public string? this[string attribute]
    {
        get
        {
            if (_attributes is not null)
            {
                foreach (var pair in _attributes)
                {
                    if (pair.Key == attribute)
                    {
                        return pair.Value;
                    }
                }
            }

            return null;
        }
    }

    /// <summary>All direct text, concatenated.</summary>
    public string Text
    {
        get
        {
            if (_nodes is null)
            {
                return "";
            }

            if (_nodes is [string only])
            {
                return only;
            }

            var text = new StringBuilder();
            foreach (var node in _nodes)
            {
                if (node is string run)
                {
                    text.Append(run);
                }
            }

            return text.ToString();
        }
    }

    public bool Is(string name, string ns) => Name == name && Namespace == ns;

    /// <summary>The first child element of that name and namespace, or null.</summary>
    public Element? Child(string name, string ns)
    {
        foreach (var child in Children)
        {
            if (child.Is(name, ns))
            {
                return child;
            }
        }

        return null;
    }

    /// <summary>The first child element of that name in this element's own namespace, or null.</summary>
    public Element? Child(string name) => Child(name, Namespace);

    /// <summary>Sets (or with null removes) an attribute.</summary>
    public Element Set(string attribute, string? value)
    {
        // By index: a predicate would be allocated for each of the many attributes that are set once.
        for (var i = (_attributes?.Count ?? 0) - 1; i >= 0; i--)
        {
            if (_attributes![i].Key == attribute)
            {
                _attributes.RemoveAt(i);
            }
        }

        if (value is not null)
        {
            (_attributes ??= []).Add(new(attribute, value));
        }

        return this;
    }

    /// <summary>Appends an attribute that is known not to be there yet.</summary>
    internal void Append(string attribute, string value) => (_attributes ??= []).Add(new(attribute, value));

    /// <summary>Appends a child; null is skipped, so that optional parts read as expressions.</summary>
    public Element Add(Element? child)
    {
        if (child is not null)
        {
            (_nodes ??= []).Add(child);
        }

        return this;
    }

    /// <summary>Appends children.</summary>
    public Element Add(IEnumerable<Element> children)
    {
        foreach (var child in children)
        {
            Add(child);
        }

        return this;
    }

    /// <summary>Appends a child element in this element's namespace that holds only text.</summary>
    public Element Add(string name, string text) => Add(new Element(name, Namespace).AddText(text));

    /// <summary>Appends text; null and empty are skipped.</summary>
    public Element AddText([AllowNull] string text)
    {
        if (!string.IsNullOrEmpty(text))
        {
            (_nodes ??= []).Add(text);
        }

        return this;
    }

    /// <summary>A copy in which one namespace stands for another, all the way down; attributes keep theirs.</summary>
    public Element InNamespace(string of, string instead)
    {
        var copy = new Element(Name, Namespace == of ? instead : Namespace);
        foreach (var (key, value) in Attributes)
        {
            copy.Append(key, value);
        }

        foreach (var node in Nodes)
        {
            if (node is Element child)
            {
                copy.Add(child.InNamespace(of, instead));
            }
            else
            {
                copy.AddText((string)node);
            }
        }

        return copy;
    }

    /// <summary>This element as UTF-8 XML that stands alone where <paramref name="inherited"/> is the default namespace.</summary>
    public byte[] ToUtf8(string inherited = Ns.Client) => XmlOut.ToUtf8(this, inherited);

    /// <summary>This element as XML text, for people and tests.</summary>
    public override string ToString() => Encoding.UTF8.GetString(ToUtf8(""));
}
