using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Features.Rosters;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features;

/// <summary>What an account wants in its archive. A message that is not archived is delivered all the same, also later.</summary>
[Xep(441, "0.2.0")]
public sealed class ArchivePreferences(NyalaServer server, RosterCache rosters) : IFeature
{
    const string Kind = "archive";
    const int MaxAddresses = 1_000;

    static readonly SlotKey<Preferences> Chosen = new("archive preferences");

    public void Register(FeatureBuilder on)
    {
        on.AccountLoading(LoadAsync);
        on.IqGet(Ns.Mam, "prefs", request => (IqReply)Of(request.Account!).ToElement());
        on.IqSet(Ns.Mam, "prefs", ChangeAsync);
        on.Message(MessageStage.Archive, Archive);
    }

    static Preferences Of(LocalAccount account) => account.Get(Chosen) ?? Preferences.Everything;

    async ValueTask LoadAsync(LocalAccount account)
    {
        if (await server.Store.Documents.GetAsync(account.Id, Kind, "") is { } stored
            && Preferences.Read(Stanza.Parse(stored).ToElement(), MaxAddresses) is { Preferences: { } preferences })
        {
            await UseAsync(account, preferences);
        }
    }

    async ValueTask<IqReply> ChangeAsync(IqRequest request)
    {
        var (preferences, error) = Preferences.Read(request.Payload, MaxAddresses);
        if (preferences is null)
        {
            return error!;
        }

        var element = preferences.ToElement();
        await server.Store.Documents.SetAsync(request.Account!.Id, Kind, "", element.ToUtf8());
        await UseAsync(request.Account, preferences);
        return element;
    }

    async ValueTask UseAsync(LocalAccount account, Preferences preferences)
    {
        if (preferences.Default == "roster")
        {
            // So that the roster is at hand when a message comes, where nothing may wait.
            await rosters.GetAsync(account.Id);
        }

        account.Set(Chosen, preferences);
    }

    /// <summary>§2.2: the target is <c>to</c> on the way out and <c>from</c> on the way in.</summary>
    StanzaError? Archive(MessageEntry message)
    {
        if ((message.Flags & RowFlags.InSenderArchive) != 0 && message.FromAccount is { } sender && !IsArchived(sender, message.ToJid))
        {
            message.Flags &= ~RowFlags.InSenderArchive;
        }

        if ((message.Flags & RowFlags.InRecipientArchive) != 0 && message.ToAccount is { } recipient && !IsArchived(recipient, message.FromJid))
        {
            message.Flags &= ~RowFlags.InRecipientArchive;
        }

        return null;
    }

    bool IsArchived(LocalAccount account, Jid target)
    {
        if (account.Get(Chosen) is not { } preferences)
        {
            return true;
        }

        return preferences.Judge(target) ?? IsInRoster(account, target);
    }

    bool IsInRoster(LocalAccount account, Jid target)
    {
        var loading = rosters.GetAsync(account.Id);
        if (!loading.IsCompletedSuccessfully)
        {
            // Pushed out of memory by others: rather a message too many in the history than one too few.
            _ = loading.AsTask();
            return true;
        }

        return loading.GetAwaiter().GetResult().Find(target.Bare) is { Listed: true };
    }

    /// <summary>One account's choice. Immutable.</summary>
    sealed class Preferences(string @default, HashSet<Jid> always, HashSet<Jid> never)
    {
        public static Preferences Everything { get; } = new("always", [], []);

        /// <summary>always, never or roster.</summary>
        public string Default => @default;

        public static (Preferences? Preferences, StanzaError? Error) Read(Element prefs, int max)
        {
            if (prefs["default"] is not ("always" or "never" or "roster"))
            {
                return (null, StanzaError.BadRequest);
            }

            var read = new Preferences(prefs["default"]!, [], []);
            var error = read.Fill(prefs.Child("always"), max, isAlways: true) ?? read.Fill(prefs.Child("never"), max, isAlways: false);
            return error is null ? (read, null) : (null, error);
        }

        /// <summary>Whether the lists and the default say yes or no; null: the roster decides.</summary>
        public bool? Judge(Jid target)
        {
            // §2.2.1: a bare entry means all resources.
            if (never.Contains(target) || never.Contains(target.Bare))
            {
                return false;
            }

            if (always.Contains(target) || always.Contains(target.Bare))
            {
                return true;
            }

            return @default == "roster" ? null : @default == "always";
        }

        public Element ToElement() => new Element("prefs", Ns.Mam).Set("default", @default)
            .Add(List("always", always))
            .Add(List("never", never));

        static Element List(string name, HashSet<Jid> addresses)
        {
            var list = new Element(name, Ns.Mam);
            foreach (var address in addresses)
            {
                list.Add("jid", address.ToString());
            }

            return list;
        }

        StanzaError? Fill(Element? list, int max, bool isAlways)
        {
            foreach (var entry in list?.Children ?? [])
            {
                if (!entry.Is("jid", Ns.Mam))
                {
                    continue;
                }

                if (!Jid.TryParse(entry.Text, out var address))
                {
                    return StanzaError.JidMalformed;
                }

                (isAlways ? always : never).Add(address);
            }

            return always.Count + never.Count > max ? StanzaError.PolicyViolation with { Text = $"At most {max} addresses." } : null;
        }
    }
}
