using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features;

/// <summary>Reads an archive query (XEP-0313 §4.1): its form and its result set request.</summary>
/// <param name="owner">Whose archive.</param>
/// <param name="ids">What makes ids.</param>
/// <param name="maxPage">Rows of one page at most.</param>
sealed class ArchiveRequest(long owner, ArchiveIds ids, int maxPage)
{
    const int DefaultPage = 50;
    const int MaxIds = 500;

    ArchiveQuery _query = new(owner) { Max = DefaultPage, WithCount = true };

    /// <summary>The query, or the error it deserves.</summary>
    public (ArchiveQuery? Query, StanzaError? Error) Read(Element query)
    {
        var error = query["node"] is null ? ReadPage(query.Child("set", Ns.Rsm)) ?? ReadForm(query.Child("x", Ns.DataForms)) : StanzaError.ItemNotFound;
        return error is null ? (_query, null) : (null, error);
    }

    StanzaError? ReadPage(Element? set)
    {
        if (set is null)
        {
            return null;
        }

        if (!ResultSetRequest.TryParse(set, out var page))
        {
            return StanzaError.BadRequest;
        }

        if (page.Index is not null)
        {
            // XEP-0059 §2.6: asking by index is optional, and refused so.
            return StanzaError.FeatureNotImplemented;
        }

        if (!TryPosition(page.After, out var after) || !TryPosition(page.Before is "" ? null : page.Before, out var before))
        {
            return StanzaError.ItemNotFound;
        }

        _query = _query with { Max = Math.Min(page.Max ?? DefaultPage, maxPage), FromEnd = page.Before is not null, After = after, Before = before };
        return null;
    }

    StanzaError? ReadForm(Element? x)
    {
        if (x is null)
        {
            return null;
        }

        if (!DataForm.TryParse(x, out var form) || form.Type != "submit" || form.FormType != Ns.Mam)
        {
            return StanzaError.BadRequest;
        }

        foreach (var field in form.Fields)
        {
            if (ReadField(field) is { } error)
            {
                return error;
            }
        }

        return null;
    }

    StanzaError? ReadField(DataFormField field)
    {
        switch (field.Var)
        {
            case "FORM_TYPE":
                return null;
            case "with" when Jid.TryParse(field.Value, out var with):
                _query = _query with { With = with.ToString() };
                return null;
            case "with":
                return StanzaError.JidMalformed;
            case "start" when DateTimeProfile.TryParse(field.Value, out var start):
                _query = _query with { Start = start };
                return null;
            case "end" when DateTimeProfile.TryParse(field.Value, out var end):
                _query = _query with { End = end };
                return null;
            case "start" or "end":
                return StanzaError.BadRequest;
            case "after-id" when TryPosition(field.Value, out var after):
                _query = _query with { AfterId = after };
                return null;
            case "before-id" when TryPosition(field.Value, out var before):
                _query = _query with { BeforeId = before };
                return null;
            case "after-id" or "before-id":
                return StanzaError.ItemNotFound;
            case "ids":
                return ReadIds(field);
            default:
                // §4.1.5
                return StanzaError.FeatureNotImplemented;
        }
    }

    StanzaError? ReadIds(DataFormField field)
    {
        if (field.Values.Count > MaxIds)
        {
            return StanzaError.PolicyViolation with { Text = $"At most {MaxIds} ids in one query." };
        }

        var only = new List<long>(field.Values.Count);
        foreach (var value in field.Values)
        {
            if (!TryPosition(value, out var position))
            {
                return StanzaError.ItemNotFound;
            }

            only.Add(position!.Value);
        }

        _query = _query with { Only = only };
        return null;
    }

    bool TryPosition(string? id, out long? position)
    {
        position = null;
        if (id is null)
        {
            return true;
        }

        var known = ids.TryDecode(owner, id, out var found);
        position = found;
        return known;
    }
}
