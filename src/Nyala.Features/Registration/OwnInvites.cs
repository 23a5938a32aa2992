using System.Globalization;
using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Features.AdHoc;
using Nyala.Features.Rooms;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;

namespace Nyala.Features.Registration;

/// <summary>
/// Invites with more to them than XEP-0401 knows: a greeting, and links into groups with a number of uses, an end, and the
/// admins' approval (docs/groups.md).
/// </summary>
public sealed class OwnInvites(NyalaServer server, Invites invites, RoomLinks links, CommandList commands) : IFeature
{
    const string Node = Ns.OwnCommands + "#invite";
    const int LongestGreeting = 200;
    const int MostUses = 1_000;
    const int MostHours = 30 * 24;

    public void Register(FeatureBuilder on) =>
        commands.Add(new(Node, "Invite somebody, or into a group", CommandUsers.Everybody, asker => new((CommandStep)new CommandForm(Form(), form => MakeAsync(asker.Account, form)))));

    static DataForm Form() => new DataForm("form", Node) { Title = "Invite somebody, or into a group" }
        .Add(new DataFormField("greeting", "text-single", []) { Label = "What you say to who opens it" })
        .Add(new DataFormField("room", "jid-single", []) { Label = "The group (empty: you become contacts)" })
        .Add(new DataFormField("uses", "text-single", ["1"]) { Label = "How many people may use it", Least = 1 })
        .Add(new DataFormField("hours", "text-single", [(7 * 24).ToString(CultureInfo.InvariantCulture)]) { Label = "Hours until it ends", Least = 1 })
        .Add(new DataFormField("approval", "boolean", ["0"]) { Label = "The group's admins let each person in" })
        .Add(new DataFormField("replaces", "boolean", ["0"]) { Label = "Earlier links into the group end" });

    async ValueTask<CommandStep> MakeAsync(LocalAccount inviter, DataForm form)
    {
        var greeting = form["greeting"]?.Value?.Trim() ?? "";
        if (greeting.Length > LongestGreeting || greeting.Any(char.IsControl))
        {
            return StanzaError.NotAcceptable with { Text = $"A greeting is one line of {LongestGreeting} characters at most." };
        }

        if (Number(form["uses"], 1) is not (>= 1 and <= MostUses and var uses) || Number(form["hours"], 7 * 24) is not (>= 1 and <= MostHours and var hours))
        {
            return StanzaError.NotAcceptable with { Text = $"At most {MostUses} uses and {MostHours} hours." };
        }

        string? room = null;
        if (form["room"]?.Value is { Length: > 0 } address)
        {
            (room, var error) = Jid.TryParse(address, out var jid) ? await links.CheckAsync(jid, inviter.Jid) : (null, StanzaError.JidMalformed);
            if (error is not null)
            {
                return error;
            }
        }
        else if (uses > 1)
        {
            return StanzaError.NotAcceptable with { Text = "More than one person can only be invited into a group." };
        }

        if (room is not null && form["replaces"]?.AsBoolean() == true)
        {
            await server.Store.Invites.RevokeRoomAsync(room);
        }

        return await invites.MakeAsync(inviter, invite => invite with
        {
            CreatesAccount = server.Options.Registration != RegistrationMode.Closed,
            Uses = uses,
            ExpiresAt = invite.CreatedAt.AddHours(hours),
            Greeting = greeting.Length > 0 ? greeting : null,
            Room = room,
            NeedsApproval = room is not null && form["approval"]?.AsBoolean() == true,
        });
    }

    static int? Number(DataFormField? field, int otherwise) => field?.Value is not { Length: > 0 } text ? otherwise
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
