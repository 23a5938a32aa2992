using System.Globalization;
using Nyala.Core;
using Nyala.Core.Routing;
using Nyala.Storage;
using Nyala.Xmpp;
using Nyala.Xmpp.Payloads;
using Nyala.Xmpp.Stanzas;
using Nyala.Xmpp.Xml;

namespace Nyala.Features.Files;

/// <summary>
/// HTTP File Upload: accounts of this server get addresses to upload to, on a host of its own in XMPP. The bytes go over HTTP
/// (<see cref="FileReception"/>); who has an address may download, on whichever server.
/// </summary>
[Xep(363, "1.2.0", Note = "purposes message, profile and ephemeral; permanent left out, since nobody could take such a file away again")]
public sealed class FileUpload : IFeature, IStanzaHost
{
    const string Name = "HTTP File Upload";

    readonly NyalaServer _server;
    readonly FileQuota _quota;
    readonly FileSweep _sweep;
    readonly Jid _host;
    readonly Lazy<Task<Slots>> _slots;

    public FileUpload(NyalaServer server)
    {
        _server = server;
        _quota = new(server);
        _sweep = new(server.Store, server.Time, server.Log);
        _host = Jid.FromPrepared(null, server.Options.Uploads.Host ?? "upload." + server.Options.Domain);
        _slots = new(() => Slots.LoadAsync(server.Store.Secrets).AsTask());
    }

    UploadOptions Options => _server.Options.Uploads;

    public void Register(FeatureBuilder on)
    {
        if (Options.IsOff)
        {
            return;
        }

        on.Host(_host.Domain, this, Name);
        on.Identify(new DiscoIdentity("store", "file", Name), Entity.Files);
        foreach (var feature in (string[])[Ns.DiscoInfo, Ns.DiscoItems, Ns.Ping, Ns.HttpUpload, .. FileRequest.Purposes.Select(purpose => $"{Ns.UploadPurpose}#{purpose}")])
        {
            on.Advertise(feature, Entity.Files);
        }

        on.Describe(new DataForm("result", Ns.HttpUpload).Add(new("max-file-size", null, [Number(Options.MaxBytes)])), Entity.Files);
        on.IqGet(Ns.Ping, "ping", _ => IqReply.Done, Entity.Files);
        on.IqGet(Ns.DiscoInfo, "query", InfoAsync, Entity.Files);
        on.IqGet(Ns.DiscoItems, "query", ItemsAsync, Entity.Files);
        on.IqGet(Ns.HttpUpload, "request", RequestAsync, Entity.Files);
        on.AccountRemoved(RemovedAsync);
        on.Stopping(StoppingAsync);
        _sweep.Start();
    }

    Entity? IStanzaHost.EntityOf(Jid address) => address.Equals(_host) ? Entity.Files : null;

    ValueTask<StanzaError?> IStanzaHost.CheckAsync(MessageEntry message)
    {
        message.IsDropped = true;
        return new(message.Message.Type == StanzaType.Error ? null : StanzaError.ServiceUnavailable);
    }

    void IStanzaHost.Deliver(MessageEntry message)
    {
    }

    /// <summary>The service neither has nor wants presence.</summary>
    ValueTask<StanzaError?> IStanzaHost.PresenceAsync(Stanza presence) => new((StanzaError?)null);

    ValueTask<StanzaError?> IStanzaHost.IqAsync(Stanza iq) => new(iq.Type is StanzaType.Get or StanzaType.Set ? StanzaError.ServiceUnavailable : null);

    ValueTask RemovedAsync(LocalAccount account)
    {
        _ = _sweep.RunAsync();
        return ValueTask.CompletedTask;
    }

    ValueTask StoppingAsync()
    {
        _sweep.Stop();
        return ValueTask.CompletedTask;
    }

    ValueTask<IqReply> InfoAsync(IqRequest request)
    {
        if (request.Payload["node"] is not null)
        {
            return (IqReply)StanzaError.ItemNotFound;
        }

        var features = _server.Features;
        return (IqReply)new DiscoInfo(
            [.. features.IdentitiesOf(Entity.Files)], features.FeaturesOf(Entity.Files), [.. features.FormsOf(Entity.Files)]).ToElement();
    }

    static ValueTask<IqReply> ItemsAsync(IqRequest request) =>
        request.Payload["node"] is null ? (IqReply)new Element("query", Ns.DiscoItems) : (IqReply)StanzaError.ItemNotFound;

    async ValueTask<IqReply> RequestAsync(IqRequest request)
    {
        if (request.Session?.Account is not { } account)
        {
            return StanzaError.Forbidden with { Text = "Only accounts of this server upload files here." };
        }

        var now = _server.Time.GetUtcNow();
        if (FileRequest.Read(request.Payload, now, out var asked) is { } problem)
        {
            return problem;
        }

        if (asked!.Size > _quota.LargestFile(asked.Purpose))
        {
            return TooLarge(_quota.LargestFile(asked.Purpose));
        }

        if (await _quota.ExcessAsync(account.Id, asked.Purpose, asked.Size, coming: 0) is > 0 and var excess)
        {
            return Full(await _server.Store.Files.FreeAtAsync(account.Id, asked.Purpose, excess, now));
        }

        if (!_quota.HasRoom(asked.Size))
        {
            return StanzaError.ResourceConstraint with { Text = "The server has no room for files at the moment." };
        }

        var useBefore = now + Options.SlotTime;
        var slot = new Slot(
            FileKey.Create(), asked.Name, asked.Type, asked.Size, account.Id, asked.Purpose,
            asked.KeepUntil < useBefore ? asked.KeepUntil.Value : useBefore, asked.KeepUntil);
        var address = FileAddress.Of(_server.Options, slot.Key, slot.Name);
        return new Element("slot", Ns.HttpUpload)
            .Add(new Element("put", Ns.HttpUpload).Set("url", address)
                .Add(new Element("header", Ns.HttpUpload).Set("name", "Authorization").AddText("Bearer " + (await _slots.Value).Sign(slot))))
            .Add(new Element("get", Ns.HttpUpload).Set("url", address));
    }

    /// <summary>§6.</summary>
    static StanzaError TooLarge(long most) => StanzaError.NotAcceptable with
    {
        Text = $"File too large. The maximum file size is {Number(most)} bytes.",
        Application = new Element("file-too-large", Ns.HttpUpload).Add("max-file-size", Number(most)),
    };

    static StanzaError Full(DateTimeOffset? freeAt) => StanzaError.ResourceConstraint with
    {
        Text = "Your files fill the space you have.",
        Application = freeAt is { } at ? new Element("retry", Ns.HttpUpload).Set("stamp", DateTimeProfile.Format(at)) : null,
    };

    static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
