using System.Text;
using System.Xml;
using System.Xml.Linq;
using Nyala.Core;
using Nyala.Features.Registration;
using Nyala.Host.Administration;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Host.Portability;

/// <summary>
/// Takes in accounts from a file of XEP-0227, part by part, whatever its size. An account that is there keeps its password; all
/// else is added or replaced, so that doing it twice changes nothing. Archives are left out: what is old cannot be put
/// between what is there (R6).
/// </summary>
sealed class UserImport(IStore store, ServerOptions options, TimeProvider time)
{
    /// <summary>A part that is larger is left out.</summary>
    const int LargestPart = 64 * 1024 * 1024;

    readonly List<string> _remarks = [];
    readonly Dictionary<string, int> _unknown = new(StringComparer.Ordinal);

    /// <exception cref="AdministrationException">The file cannot be read, or is none of these.</exception>
    public async Task<(int Accounts, IReadOnlyList<string> Remarks)> ReadAsync(string file)
    {
        try
        {
            await using var input = File.OpenRead(file);
            using var reader = XmlReader.Create(input, new() { Async = true, DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, IgnoreWhitespace = false });
            await reader.MoveToContentAsync();
            if (reader.LocalName != "server-data" || reader.NamespaceURI != Ns.Portable)
            {
                throw new AdministrationException($"{file} is not a file of exported accounts (XEP-0227).");
            }

            var accounts = await ReadHostsAsync(reader);
            _remarks.AddRange(_unknown.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"Left out: {entry.Value} × {entry.Key}"));
            return (accounts, _remarks);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or XmlException)
        {
            throw new AdministrationException($"{file} cannot be read: {e.Message}");
        }
    }

    async Task<int> ReadHostsAsync(XmlReader reader)
    {
        var accounts = 0;
        var isOurs = false;
        UserPart? user = null;
        while (await reader.ReadAsync())
        {
            if (reader.NodeType != XmlNodeType.Element)
            {
                continue;
            }

            if (reader.Depth == 1)
            {
                isOurs = reader.LocalName == "host" && reader.GetAttribute("jid") == options.Domain;
                if (!isOurs)
                {
                    _remarks.Add($"Left out: the users of {reader.GetAttribute("jid") ?? reader.LocalName}, which is not {options.Domain}");
                }
            }
            else if (reader.Depth == 2 && isOurs)
            {
                user = await UserAsync(reader);
                accounts += user is null ? 0 : 1;
            }
            else if (reader.Depth == 3 && isOurs && user is not null)
            {
                await PartAsync(reader, user);
            }
        }

        return accounts;
    }

    async Task<UserPart?> UserAsync(XmlReader reader)
    {
        var name = reader.GetAttribute("name") ?? "";
        if (reader.LocalName != "user" || reader.NamespaceURI != Ns.Portable || !Jid.TryLocal(name, out var username))
        {
            _remarks.Add($"Left out: '{name}', which is no name of an account");
            return null;
        }

        var password = reader.GetAttribute("password");
        var account = await store.Accounts.FindAsync(username);
        var isNew = account is null;
        account ??= (await store.Accounts.CreateAsync(
            username, (password is null ? null : PasswordRules.TryDerive(password, options.ScramIterations)) ?? [], AccountRole.User, null, time.GetUtcNow())).Account;
        if (account is null)
        {
            _remarks.Add($"Left out: {username}, a name that is kept for somebody who was invited");
            return null;
        }

        return new(store, options, time, account, takesKeys: isNew && password is null);
    }

    /// <summary>One child of a user; the reader stands on it, and afterwards on its end.</summary>
    async Task PartAsync(XmlReader reader, UserPart user)
    {
        var name = reader.LocalName;
        if (name == "archive")
        {
            Unknown("archive");
            await SkipAsync(reader);
            return;
        }

        using var part = reader.ReadSubtree();
        var tree = await XElement.LoadAsync(part, LoadOptions.PreserveWhitespace, CancellationToken.None);
        var bytes = Encoding.UTF8.GetBytes(tree.ToString(SaveOptions.DisableFormatting));
        Element element;
        try
        {
            element = bytes.Length > LargestPart ? throw new FormatException("It is too large.") : Stanza.Parse(bytes).ToElement();
        }
        catch (FormatException e)
        {
            _remarks.Add($"Left out: <{name}/> of {user.Name}: {e.Message}");
            return;
        }

        if (!await user.TakeAsync(element))
        {
            Unknown(name);
        }
    }

    void Unknown(string name) => _unknown[$"<{name}/>"] = _unknown.GetValueOrDefault($"<{name}/>") + 1;

    static async Task SkipAsync(XmlReader reader)
    {
        using var part = reader.ReadSubtree();
        while (await part.ReadAsync())
        {
        }
    }
}
