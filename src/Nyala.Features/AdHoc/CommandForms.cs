using System.Globalization;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;

namespace Nyala.Features.AdHoc;

/// <summary>Whether what was filled in answers what was asked.</summary>
public static class CommandForms
{
    /// <summary>Values one field may have.</summary>
    const int MostValues = 1_000;

    /// <summary>What is wrong with a submission, in a sentence; null: every field that was offered has a possible value.</summary>
    public static string? Check(DataForm offered, DataForm submitted)
    {
        if (submitted.FormType is { } type && offered.FormType is { } wanted && type != wanted)
        {
            return "That is another form.";
        }

        foreach (var field in offered.Fields)
        {
            if (field is { Var: not null, Type: not ("hidden" or "fixed") } && Check(field, submitted[field.Var]) is { } problem)
            {
                return problem;
            }
        }

        return null;
    }

    /// <summary>The form again, with what was filled in before; secrets are not repeated.</summary>
    public static DataForm Fill(DataForm offered, DataForm submitted)
    {
        var form = new DataForm(offered.Type) { Title = offered.Title };
        foreach (var line in offered.Instructions)
        {
            form.Instruct(line);
        }

        foreach (var field in offered.Fields)
        {
            form.Add(field is { Var: { } name, Type: not ("hidden" or "fixed" or "text-private") } && submitted[name] is { } filled
                ? field with { Values = filled.Values }
                : field);
        }

        return form;
    }

    static string? Check(DataFormField field, DataFormField? submitted)
    {
        var name = field.Label ?? field.Var;
        var values = submitted?.Values.Where(value => value.Length > 0).ToArray() ?? [];
        if (field.Required && values.Length == 0)
        {
            return $"“{name}” is needed.";
        }

        var isMulti = field.Type is { } type && type.EndsWith("-multi", StringComparison.Ordinal);
        return values.Length > (isMulti ? MostValues : 1) ? $"“{name}” has too many values."
            : Array.Exists(values, value => !IsPossible(field, value)) ? $"“{name}” cannot be that."
            : null;
    }

    static bool IsPossible(DataFormField field, string value) => field.Type switch
    {
        "boolean" => value is "0" or "1" or "true" or "false",
        "jid-single" or "jid-multi" => Jid.TryParse(value, out _),
        "list-single" or "list-multi" => field.IsOpen || field.Options.Any(option => option.Value == value),
        _ => field.Least is not { } least || (int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least),
    };
}
