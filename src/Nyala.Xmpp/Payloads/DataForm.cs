using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Nyala.Xmpp.Xml;

namespace Nyala.Xmpp.Payloads;

/// <summary>One field of a <see cref="DataForm"/>.</summary>
/// <param name="Var">What identifies it; null only for <c>fixed</c> text.</param>
/// <param name="Type">The field type (XEP-0004 §3.3); null where the form's reader knows it.</param>
/// <param name="Values">The values, in order.</param>
public sealed record DataFormField(string? Var, string? Type, IReadOnlyList<string> Values)
{
    /// <summary>For people, or null.</summary>
    public string? Label { get; init; }

    /// <summary>For people, longer, or null.</summary>
    public string? Description { get; init; }

    public bool Required { get; init; }

    /// <summary>What may be chosen: label (or null) and value.</summary>
    public IReadOnlyList<(string? Label, string Value)> Options { get; init; } = [];

    /// <summary>The first value, or null.</summary>
    public string? Value => Values.Count > 0 ? Values[0] : null;

    /// <summary>The value as a boolean (§3.3: <c>1</c>, <c>true</c>, <c>0</c>, <c>false</c>); null for anything else.</summary>
    public bool? AsBoolean() => Value switch
    {
        "1" or "true" => true,
        "0" or "false" => false,
        _ => null,
    };

    /// <summary>Any value may be given, beside the options there are (XEP-0122 §3.2.2).</summary>
    public bool IsOpen { get; init; }

    /// <summary>The least value of a whole number (XEP-0122 §3.2.3), or null for what is none.</summary>
    public int? Least { get; init; }

    internal Element ToElement()
    {
        var field = new Element("field", Ns.DataForms).Set("var", Var).Set("type", Type).Set("label", Label);
        if (Description is not null)
        {
            field.Add("desc", Description);
        }

        field.Add(Required ? new Element("required", Ns.DataForms) : null);
        field.Add(IsOpen ? new Element("validate", Ns.DataValidation).Set("datatype", "xs:string").Add(new Element("open", Ns.DataValidation)) : null);
        field.Add(Least is not { } least ? null : new Element("validate", Ns.DataValidation).Set("datatype", "xs:integer")
            .Add(new Element("range", Ns.DataValidation).Set("min", least.ToString(CultureInfo.InvariantCulture))));
        foreach (var value in Values)
        {
            field.Add("value", value);
        }

        foreach (var (label, value) in Options)
        {
            field.Add(new Element("option", Ns.DataForms).Set("label", label).Add("value", value));
        }

        return field;
    }

    internal static bool TryParse(Element element, [NotNullWhen(true)] out DataFormField? field)
    {
        field = null;
        var name = element["var"];
        var type = element["type"];
        if (name is null && type != "fixed")
        {
            return false;
        }

        var values = new List<string>();
        var options = new List<(string?, string)>();
        foreach (var child in element.Children)
        {
            if (child.Is("value", Ns.DataForms))
            {
                values.Add(child.Text);
            }
            else if (child.Is("option", Ns.DataForms))
            {
                if (child.Child("value") is not { } value)
                {
                    return false;
                }

                options.Add((child["label"], value.Text));
            }
        }

        field = new DataFormField(name, type, values)
        {
            Label = element["label"],
            Description = element.Child("desc")?.Text,
            Required = element.Child("required") is not null,
            Options = options,
        };
        return true;
    }
}

/// <summary>A data form (XEP-0004) with its FORM_TYPE (XEP-0068). Build it by adding, or read it; not for two threads at once.</summary>
public sealed class DataForm
{
    const string FormTypeVar = "FORM_TYPE";

    readonly List<DataFormField> _fields = [];
    readonly List<DataFormField> _reported = [];
    readonly List<IReadOnlyList<DataFormField>> _items = [];
    readonly List<string> _instructions = [];

    /// <param name="type"><c>form</c>, <c>submit</c>, <c>cancel</c> or <c>result</c>.</param>
    /// <param name="formType">The FORM_TYPE, or null for none.</param>
    public DataForm(string type, string? formType = null)
    {
        Type = type;
        if (formType is not null)
        {
            // XEP-0068: hidden when offered or returned; a submission may leave the type out, and does so here.
            Add(new DataFormField(FormTypeVar, type is "submit" ? null : "hidden", [formType]));
        }
    }

    public string Type { get; }

    /// <summary>For people, or null.</summary>
    public string? Title { get; set; }

    /// <summary>For people, one per line.</summary>
    public IReadOnlyList<string> Instructions => _instructions;

    public IReadOnlyList<DataFormField> Fields => _fields;

    /// <summary>The columns of a table of results (§3.4).</summary>
    public IReadOnlyList<DataFormField> Reported => _reported;

    /// <summary>The rows of a table of results.</summary>
    public IReadOnlyList<IReadOnlyList<DataFormField>> Items => _items;

    /// <summary>The value of the FORM_TYPE field: hidden, except in a submission (XEP-0068); null when there is none.</summary>
    public string? FormType => this[FormTypeVar] is { } found && (Type is "submit" || found.Type is "hidden") ? found.Value : null;

    /// <summary>The first field of that name, or null.</summary>
    public DataFormField? this[string name] => _fields.Find(field => field.Var == name);

    public DataForm Add(DataFormField field)
    {
        _fields.Add(field);
        return this;
    }

    /// <summary>Adds a field of text.</summary>
    public DataForm Add(string name, string type, params ReadOnlySpan<string> values) => Add(new DataFormField(name, type, values.ToArray()));

    /// <summary>Adds a row (§3.4).</summary>
    public DataForm AddItem(params ReadOnlySpan<DataFormField> row)
    {
        _items.Add(row.ToArray());
        return this;
    }

    /// <summary>Adds a column (§3.4).</summary>
    public DataForm Report(DataFormField column)
    {
        _reported.Add(column);
        return this;
    }

    public DataForm Instruct(string line)
    {
        _instructions.Add(line);
        return this;
    }

    /// <summary>The <c>&lt;x/&gt;</c> element.</summary>
    public Element ToElement()
    {
        var form = new Element("x", Ns.DataForms).Set("type", Type);
        if (Title is not null)
        {
            form.Add("title", Title);
        }

        foreach (var line in _instructions)
        {
            form.Add("instructions", line);
        }

        form.Add(_fields.Select(field => field.ToElement()));
        if (_reported.Count > 0)
        {
            form.Add(new Element("reported", Ns.DataForms).Add(_reported.Select(field => field.ToElement())));
        }

        return form.Add(_items.Select(row => new Element("item", Ns.DataForms).Add(row.Select(field => field.ToElement()))));
    }

    /// <summary>Reads one; false when its type is unknown or a field has no name.</summary>
    public static bool TryParse(Element element, [NotNullWhen(true)] out DataForm? form)
    {
        form = null;
        if (!element.Is("x", Ns.DataForms) || element["type"] is not ("form" or "submit" or "cancel" or "result"))
        {
            return false;
        }

        var read = new DataForm(element["type"]!) { Title = element.Child("title")?.Text };
        foreach (var child in element.Children)
        {
            if (!read.TryRead(child))
            {
                return false;
            }
        }

        form = read;
        return true;
    }

    bool TryRead(Element child)
    {
        switch (child.Namespace == Ns.DataForms ? child.Name : "")
        {
            case "field":
                return TryFields([child], _fields);
            case "instructions":
                _instructions.Add(child.Text);
                return true;
            case "reported":
                return TryFields(child.Children, _reported);
            case "item":
                var row = new List<DataFormField>();
                _items.Add(row);
                return TryFields(child.Children, row);
            default:
                return true; // §3.1: what is not understood is ignored
        }
    }

    static bool TryFields(IEnumerable<Element> elements, List<DataFormField> fields)
    {
        foreach (var element in elements)
        {
            if (element.Is("field", Ns.DataForms))
            {
                if (!DataFormField.TryParse(element, out var field))
                {
                    return false;
                }

                fields.Add(field);
            }
        }

        return true;
    }
}
