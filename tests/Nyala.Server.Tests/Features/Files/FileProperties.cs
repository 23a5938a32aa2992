using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Microsoft.Net.Http.Headers;
using Nyala.Features.Files;
using Nyala.Host.Http.Files;
using Nyala.Storage;
using Nyala.Storage.Sqlite;
using Xunit;

namespace Nyala.Server.Tests.Features.Files;

/// <summary>Names, types, tokens and ranges come from strangers: whatever they are, what is made of them is harmless.</summary>
public sealed class FileProperties : IAsyncLifetime
{
    static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(5_000);

    static readonly string[] NamePieces =
    [
        "/", "\\", "..", ".", " ", "a", "photo", ".png", ".exe", "\0", "\r\n", "\t", "\u202E", "\u200B", "\u200D", "\u2028", "\uD83D\uDE00", "\uD800", "\uDC00",
        "\u0301", "e", "%2F", "%", "\"", ";", "=", "*", "'", "ü", "\uFEFF", "\uFFFF", "\u00A0", "日本", "\u0344", new('x', 90), new('é', 70),
    ];

    static readonly string[] RangePieces = ["bytes", "Bytes", "=", "-", "0", "1", "99", "100", "101", ",", " ", "9223372036854775807", "9223372036854775808", "lines", "+", "\t", "\""];

    readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("nyala-slots-");
    Slots _slots = null!;

    public async ValueTask InitializeAsync()
    {
        await using var store = await SqliteStore.OpenAsync(_directory.FullName, TimeProvider.System, NullLogger.Instance);
        _slots = await Slots.LoadAsync(store.Secrets);
    }

    public ValueTask DisposeAsync()
    {
        _directory.Delete(recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void A_name_is_harmless_whatever_was_claimed() => Prop.ForAll(Texts(NamePieces), claimed =>
    {
        var name = FileNames.Clean(claimed);
        return name.Length > 0 && Encoding.UTF8.GetByteCount(name) <= FileNames.MaxBytes && name[0] is not ('.' or ' ') && name[^1] is not ('.' or ' ')
            && !name.Any(letter => letter is '/' or '\\' or '"' or '<' or '\u202E' || char.IsControl(letter))
            && name.IsNormalized() && FileNames.Clean(name) == name
            && Uri.UnescapeDataString(Uri.EscapeDataString(name)) == name;
    }).Check(Many);

    [Fact]
    public void A_disposition_says_the_name_and_nothing_else() => Prop.ForAll(Texts(NamePieces), claimed =>
    {
        var name = FileNames.Clean(claimed);
        var header = FileTypes.Disposition("image/svg+xml", name);
        return header.All(letter => letter is >= ' ' and < '\x7F')
            && ContentDispositionHeaderValue.TryParse(header, out var parsed)
            && parsed.DispositionType == "attachment" && parsed.FileNameStar == name && parsed.Parameters.Count == 2;
    }).Check(Many);

    [Fact]
    public void A_type_is_known_or_harmless() => Prop.ForAll(Texts(["text", "/", "html", ";", " ", "charset=utf-7", ",", "image", "svg+xml", "png", "\r\n", "\0", "PNG", "é"]), claimed =>
        !MediaTypes.TryParse(claimed, out var type)
        || (!type.Any(letter => letter is ';' or ' ' or ',' || !char.IsAscii(letter) || char.IsControl(letter) || char.IsAsciiLetterUpper(letter))
            && MediaTypeHeaderValue.TryParse(type, out _)
            && FileTypes.Served(type) is var served && !served.Contains("html", StringComparison.Ordinal) && !served.Contains("svg", StringComparison.Ordinal))).Check(Many);

    [Fact]
    public void A_part_is_inside_the_file_whatever_is_asked() => Prop.ForAll(
        Texts(RangePieces).Generator.Zip(Gen.OneOf(Gen.Choose(1, 200), Gen.Elements(int.MaxValue))).ToArbitrary(), pair =>
        {
            var (header, size) = pair;
            var part = ByteRange.Select("bytes=" + header, size, out var range);
            return (part == false || (range.From >= 0 && range.Length >= 1 && range.From + range.Length <= size))
                && (part is not null || range == new ByteRange(0, size));
        }).Check(Many);

    [Fact]
    public void A_good_range_is_what_the_specification_says() => Prop.ForAll(
        Gen.Choose(0, 120).Zip(Gen.Choose(0, 120)).Zip(Gen.Choose(1, 100)).ToArbitrary(), input =>
        {
            var ((from, to), size) = input;
            var good = string.Create(CultureInfo.InvariantCulture, $"bytes={from}-{to}");
            var wanted = Enumerable.Range(0, size).Where(at => at >= from && at <= to).ToArray();
            var last = Enumerable.Range(0, size).Skip(size - Math.Min(size, from)).ToArray();
            return Same(ByteRange.Select(good, size, out var range), range, from > to ? null : wanted, size)
                && Same(ByteRange.Select(string.Create(CultureInfo.InvariantCulture, $"bytes=-{from}"), size, out var suffix), suffix, last, size);
        }).Check(Many);

    [Fact]
    public void A_token_gives_back_its_slot_and_a_changed_one_nothing() => Prop.ForAll(
        Gen.Choose(0, 1_000).Zip(Gen.Elements("image/png", null, "a/" + new string('b', 98))).Zip(Gen.Choose(0, 300).Zip(Gen.Elements('A', 'z', '-', '.', '\0'))).ToArbitrary(), input =>
        {
            var ((number, type), (at, letter)) = input;
            var slot = new Slot(
                FileKey.Create(), FileNames.Clean($"name {number}.png"), type, long.MaxValue - number, number, (FilePurpose)(number % 2),
                DateTimeOffset.UnixEpoch.AddMilliseconds(number), number % 3 == 0 ? null : DateTimeOffset.UnixEpoch.AddDays(number));
            var token = _slots.Sign(slot);
            var place = at % token.Length;
            var changed = token[..place] + letter + token[(place + 1)..];
            return _slots.TryRead(token, slot.Key, slot.Name, out var read) && read == slot
                && !_slots.TryRead(token, FileKey.Create(), slot.Name, out _)
                && !_slots.TryRead(token, slot.Key, slot.Name + "x", out _)
                && !_slots.TryRead(token[..place], slot.Key, slot.Name, out _)
                && (changed == token || place == token.Length - 1 || !_slots.TryRead(changed, slot.Key, slot.Name, out _));
        }).Check(Many);

    [Fact]
    public void Any_token_is_survived() => Prop.ForAll(
        Texts(["A", "AQ", "_", "-", "=", "\0", "é", new('A', 60), new('A', 200)]), token => !_slots.TryRead(token, FileKey.Create(), "a", out _)).Check(Many);

    [Fact]
    public void A_pass_gives_back_its_account_for_an_hour_and_a_changed_one_nothing()
    {
        var time = new FakeTimeProvider();
        var (passes, others) = (new MediaPasses(time), new MediaPasses(time));
        Prop.ForAll(Gen.Choose(0, int.MaxValue).Zip(Gen.Choose(0, 62).Zip(Gen.Elements('A', 'z', '-', '.', '\0'))).ToArbitrary(), input =>
        {
            var (account, (at, letter)) = input;
            var pass = passes.Make(account);
            var changed = pass[..at] + letter + pass[(at + 1)..];
            return passes.Read(pass) == account && others.Read(pass) is null && passes.Read(pass.AsSpan(0, at)) is null
                && (changed == pass || passes.Read(changed) is null);
        }).Check(Many);
        var old = passes.Make(1);
        time.Advance(MediaPasses.Lifetime);
        Assert.Null(passes.Read(old));
    }

    [Fact]
    public void An_address_of_a_file_elsewhere_is_https_and_holds_no_secret() => Prop.ForAll(
        Texts(["https://", "HTTPS:", "http://", "file:", "a.example", "[::1]", "127.1", "@", ":", "//", "\\", "25", "443", "8443", "0", "/", "?", "#", "\t", "\0", "é", "%00", "..", new('a', 900)]), text =>
            !ForeignAddress.TryRead(text, out var address)
            || (address.Scheme == "https" && address.UserInfo.Length == 0 && address.Host.Length > 0 && (address.Port == 443 || address.Port >= 1_024)
                && (ForeignAddress.Redirection(address, new Uri(text, UriKind.RelativeOrAbsolute)) is not { } next || next.Scheme == "https"))).Check(Many);

    static Arbitrary<string> Texts(string[] pieces) => Gen.OneOf(
        Gen.Choose(0, 12).SelectMany(length => Gen.Elements(pieces).ArrayOf(length)).Select(string.Concat),
        ArbMap.Default.GeneratorFor<string>().Select(text => text ?? "")).ToArbitrary();

    static bool Same(bool? part, ByteRange range, int[]? wanted, int size) => wanted switch
    {
        null => part is null && range == new ByteRange(0, size),
        [] => part == false,
        _ => part == true && range == new ByteRange(wanted[0], wanted.Length),
    };
}
