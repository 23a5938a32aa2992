using Nyala.Core;

namespace Nyala.Host.Configuration;

/// <summary>What can be set for uploaded files.</summary>
static class FileSettings
{
    public static readonly Setting<string> Host = new(
        "Files:Host", "a domain name, auto or off",
        "The domain that apps ask for addresses to upload files to; auto is upload. and the server's domain. Other servers need not find it: files are fetched from Files:Address.",
        "auto", Settings.ParseHost)
    { Effective = options => options.Server.Uploads is { IsOff: false } uploads ? uploads.Host ?? "upload." + options.Server.Domain : "off" };

    public static readonly Setting<string> Address = new(
        "Files:Address", "an address such as https://files.example.org, without a path, or auto",
        "Where files are uploaded and fetched, for a proxy with a name of its own; it must lead to this server's web listener. auto is WebAddress.",
        "auto", Settings.ParseWebAddress)
    { Effective = options => options.Server.Uploads.Address ?? options.Server.WebAddress };

    public static readonly Setting<string> Directory = new(
        "Files:Directory", "a directory, or nothing", "Where files are kept, for this server alone; nothing is files in the data directory.", "", Values.Text)
    { IsPath = true };

    public static readonly Setting<long> MaxBytes = new(
        "Files:MaxBytes", Values.SizeAllowed, "The largest file.", "100M", Values.Size);

    public static readonly Setting<long> Quota = new(
        "Files:Quota", Values.SizeAllowed, "What all files of an account may take together; each counts as 64K at least. More are refused until older ones expire.", "1G", Values.Size);

    public static readonly Setting<long> ProfileQuota = new(
        "Files:ProfileQuota", Values.SizeAllowed, "What an account's files for its profile, such as avatars, may take together; the oldest make room for newer ones.", "10M", Values.Size);

    /// <summary>Zero: never.</summary>
    public static readonly Setting<TimeSpan> Expiry = new(
        "Files:Expiry", Values.TimeAllowed + ", or never", "How long files are kept, those of profiles excepted.", "30d", ParseExpiry);

    public static readonly Setting<TimeSpan> SlotTime = new(
        "Files:SlotTime", Values.TimeAllowed, "How long after an app has asked for it an upload may begin.", "5m", Values.Time);

    public static readonly Setting<long> KeepFree = new(
        "Files:KeepFree", Values.SizeAllowed, "What uploads leave free on the disk, because messages need it.", "512M", Values.Size);

    public static readonly Setting<ForeignFiles> Foreign = new(
        "Files:Foreign", "public, any or off",
        "Which other servers' files the web app may fetch through this server, up to Files:MaxBytes each: those with public addresses, also those in private networks (a risk where users are not trusted), or none.",
        "public", Values.OneOf(("public", ForeignFiles.Public), ("any", ForeignFiles.Any), ("off", ForeignFiles.Off)));

    public static readonly IReadOnlyList<Setting> All = [Host, Address, Directory, MaxBytes, Quota, ProfileQuota, Expiry, SlotTime, KeepFree, Foreign];

    /// <summary>Why settings that are possible one by one are not together, or null.</summary>
    public static string? Conflict(ServerOptions server, bool isPublic, bool hasPages)
    {
        var uploads = server.Uploads;
        if (uploads.IsOff)
        {
            return null;
        }

        var host = uploads.Host ?? "upload." + server.Domain;
        string?[] others = [server.Domain, server.Rooms.Host ?? "rooms." + server.Domain, "pubsub." + server.Domain];
        return !hasPages ? "Files:Host needs a web listener for the files: set Listen:Http or Listen:Https, or Files:Host=off."
            : others.Contains(host) ? $"Files:Host must not be {host}, which is something else here: take another name or auto."
            : isPublic && uploads.Address?.StartsWith("http:", StringComparison.Ordinal) == true
                ? $"Files:Address cannot be {uploads.Address}: apps refuse to upload without https, so give the https address."
            : uploads.MaxBytes > uploads.Quota ? "Files:MaxBytes must not be more than Files:Quota: raise the quota, or lower the largest file."
            : uploads.Expiry <= uploads.SlotTime ? "Files:Expiry must be longer than Files:SlotTime: files would be gone before they are there."
            : null;
    }

    static bool ParseExpiry(string text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        return text.Equals("never", StringComparison.OrdinalIgnoreCase) || Values.Time(text, out value);
    }
}
