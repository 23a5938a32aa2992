using System.IO.Compression;
using System.Security;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using FsCheck;
using FsCheck.Fluent;
using Nyala.Core;
using Nyala.Host.Portability.Readable;
using Nyala.Storage;
using Nyala.Testing;
using Nyala.Xmpp.Stanzas;
using Xunit;

namespace Nyala.Server.Tests.Host.Portability;

/// <summary>A copy that people read: complete, harmless whatever is in it, and every link leads somewhere.</summary>
public sealed class ReadableExportTests : IAsyncLifetime
{
    const string Nasty = "</p><script>alert(1)</script><img src=x onerror=alert(2)> & \"' \u202E]]>";

    readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("nyala-readable");
    TestServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync();
        await _server.AddUserAsync("romeo");
        await _server.AddUserAsync("juliet");
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task A_copy_holds_everything_and_every_link_leads_somewhere()
    {
        var key = await UploadAsync("../..\\my <b>cat</b>.png", 3_000);
        await using (var romeo = await _server.LoginAsync("romeo", "garden"))
        {
            foreach (var request in (string[])
                [$"<query xmlns='jabber:iq:roster'><item jid='juliet@localhost' name='{SecurityElement.Escape(Nasty)}'><group>Capulets</group></item></query>",
                "<block xmlns='urn:xmpp:blocking'><item jid='tybalt@localhost'/></block>",
                $"<vCard xmlns='vcard-temp'><FN>{SecurityElement.Escape(Nasty)}</FN><EMAIL><USERID>romeo@example.org</USERID></EMAIL><PHOTO><BINVAL>AAAA</BINVAL></PHOTO></vCard>",
                "<pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='urn:xmpp:bookmarks:1'><item id='duel@rooms.elsewhere.example'><conference xmlns='urn:xmpp:bookmarks:1' name='The duel'><nick>Rosencrantz</nick></conference></item></publish></pubsub>"])
            {
                await romeo.SendAsync($"<iq type='set' id='f'>{request}</iq>");
                await romeo.AwaitAsync("<iq type='result' id='f'/>");
            }

            foreach (var content in (string[])
                [$"<body>{SecurityElement.Escape(Nasty)}</body>", "<encrypted xmlns='eu.siacs.conversations.axolotl'><payload>SECRET</payload></encrypted><body>this app cannot decrypt</body>",
                $"<body>{_server.Web}files/{key}/cat.png</body>", "<reactions xmlns='urn:xmpp:reactions:0' id='x'><reaction>👍</reaction></reactions><store xmlns='urn:xmpp:hints'/>",
                "<received xmlns='urn:xmpp:receipts' id='x'/>", "<body>mended</body><replace xmlns='urn:xmpp:message-correct:0' id='x'/>"])
            {
                await romeo.SendAsync($"<message type='chat' to='juliet@localhost'>{content}</message>");
            }

            await romeo.SendAsync("<message type='chat' to='stranger@localhost'><body>nobody is there</body></message>");
            await romeo.ExpectNothingOfImportanceAsync();
        }

        var files = await ReadAsync(ExportTexts.English);
        Assert.Superset(new HashSet<string>(["index.html", "account.xml", "chats/0001.html"]), files.Keys.ToHashSet());
        var picture = files.Single(file => file.Key.StartsWith("files/", StringComparison.Ordinal));
        Assert.Equal(3_000, picture.Value.Length);
        Assert.Equal("files/0001-_.._my__b_cat__b_.png", picture.Key);
        var pages = files.Where(file => file.Key.EndsWith(".html", StringComparison.Ordinal)).ToDictionary(file => file.Key, file => Parse(file.Value), StringComparer.Ordinal);
        foreach (var (path, page) in pages)
        {
            Assert.DoesNotContain(page.Descendants(), element => element.Name.LocalName is "script" or "iframe" or "object" or "form" or "link");
            Assert.DoesNotContain(page.Descendants().Attributes(), attribute => attribute.Name.LocalName.StartsWith("on", StringComparison.Ordinal));
            Assert.All(page.Descendants().Attributes("href").Select(href => href.Value), href => Assert.True(Leads(files, pages, path, href), $"{path}: {href}"));
        }

        var index = pages["index.html"].Value;
        foreach (var expected in (string[])[Nasty, "Capulets", "tybalt@localhost", "romeo@example.org", "The duel", "Rosencrantz", "duel@rooms.elsewhere.example", "romeo@localhost"])
        {
            Assert.Contains(expected, index, StringComparison.Ordinal);
        }

        var chat = pages.Single(page => page.Value.Value.Contains("mended", StringComparison.Ordinal)).Value;
        Assert.Equal(5, chat.Descendants("li").Count());
        Assert.Contains(chat.Descendants("p"), p => p.Value == Nasty);
        Assert.Contains("👍", chat.Value, StringComparison.Ordinal);
        Assert.Contains(ExportTexts.English.Encrypted, chat.Value, StringComparison.Ordinal);
        Assert.DoesNotContain("cannot decrypt", chat.Value, StringComparison.Ordinal);
        Assert.Contains(chat.Descendants("a"), link => Uri.UnescapeDataString(link.Attribute("href")!.Value) == "../" + picture.Key);
        Assert.DoesNotContain("scram", Encoding.UTF8.GetString(files["account.xml"]), StringComparison.OrdinalIgnoreCase);
        XDocument.Parse(Encoding.UTF8.GetString(files["account.xml"]));
    }

    [Fact]
    public async Task A_long_chat_has_several_pages_and_another_language_its_words()
    {
        await using (var romeo = await _server.LoginAsync("romeo", "garden"))
        {
            for (var i = 1; i <= 1_001; i++)
            {
                await romeo.SendAsync($"<message type='chat' to='juliet@localhost'><body>word {i}</body></message>");
            }

            await romeo.ExpectNothingOfImportanceAsync();
        }

        var files = await ReadAsync(ExportTexts.For("id-ID"));
        var (first, second) = (Parse(files["chats/0001.html"]), Parse(files["chats/0001-2.html"]));
        Assert.Equal(1_000, first.Descendants("li").Count());
        Assert.Single(second.Descendants("li"));
        Assert.Contains("word 1001", second.Value, StringComparison.Ordinal);
        Assert.Contains("../chats/0001-2.html", first.Descendants("a").Select(link => link.Attribute("href")!.Value));
        Assert.Equal("id", Parse(files["index.html"]).Attribute("lang")!.Value);
        Assert.Contains("1001 pesan", Parse(files["index.html"]).Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_account_has_a_copy_and_a_file_that_is_there_is_left_alone()
    {
        var file = Path.Combine(_directory.FullName, "romeo.zip");
        var account = (await _server.Store.Accounts.FindAsync("romeo"))!;
        await Export(ExportTexts.English).WriteAsync(account, file);
        await Assert.ThrowsAsync<IOException>(() => Export(ExportTexts.English).WriteAsync(account, file));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }

        await using var archive = await ZipFile.OpenReadAsync(file, TestContext.Current.CancellationToken);
        Assert.Equal(["index.html", "account.xml"], archive.Entries.Select(entry => entry.FullName));
    }

    [Fact]
    public async Task Whatever_its_size_it_is_written_without_blocking_and_without_waiting_in_memory()
    {
        await UploadAsync("film.mp4", 40_000_000);
        var output = new Slow();
        await Export(ExportTexts.English).WriteAsync((await _server.Store.Accounts.FindAsync("romeo"))!, output, TestContext.Current.CancellationToken);
        Assert.InRange(output.Written, 40_000_000, 41_000_000);
        Assert.InRange(output.Largest, 1, 1_000_000);
    }

    [Fact]
    public void No_text_becomes_markup() => Prop.ForAll(
        Gen.Elements("<", ">", "&", "'", "\"", "</p>", "<script>", "&lt;", "]]>", "-->", "\u202E", "é", "😀", "\n", "a", " ", "javascript:", "0123456789abcdef0123456789abcdef01234567")
            .ListOf().Select(parts => string.Concat(parts)).ToArbitrary(),
        text =>
        {
            var view = new MessageView(ExportTexts.English, new Dictionary<string, ExportFile>());
            var message = Stanza.Of(new Xmpp.Xml.Element("message", "jabber:client").Set("type", "chat").Add("subject", text).Add("body", text));
            var html = view.Of(message);
            if (text.Length == 0)
            {
                return html is null;
            }

            var shown = XElement.Parse($"<r>{html!.Value.Value}</r>", LoadOptions.PreserveWhitespace);
            return shown.Elements().Select(element => element.Name.LocalName).SequenceEqual(["p", "p"])
                && shown.Elements().All(element => element.Value == text) && shown.Descendants().Count() == 3;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Theory]
    [InlineData("cat.png", "files/0001-cat.png")]
    [InlineData("..", "files/0001-file")]
    [InlineData("/etc/passwd", "files/0001-_etc_passwd")]
    [InlineData("C:\\x\0y", "files/0001-C__x_y")]
    [InlineData("foto libur é.jpg", "files/0001-foto_libur_é.jpg")]
    public void Names_of_files_lead_nowhere_else(string name, string path) => Assert.Equal(path, ExportFile.PathOf(1, name));

    static bool Leads(Dictionary<string, byte[]> files, Dictionary<string, XElement> pages, string from, string href)
    {
        if (href.StartsWith('#'))
        {
            return pages[from].Descendants().Attributes("id").Any(id => id.Value == href[1..]);
        }

        var path = new Uri(new Uri("http://x/" + from), href).AbsolutePath[1..];
        return files.ContainsKey(Uri.UnescapeDataString(path));
    }

    static XElement Parse(byte[] page)
    {
        using var reader = XmlReader.Create(new MemoryStream(page), new() { DtdProcessing = DtdProcessing.Ignore });
        return XDocument.Load(reader, LoadOptions.PreserveWhitespace).Root!;
    }

    ReadableExport Export(ExportTexts texts) => new(_server.Store, new ServerOptions { Domain = "localhost", WebAddress = _server.Web.ToString() }, texts, TimeProvider.System);

    async Task<Dictionary<string, byte[]>> ReadAsync(ExportTexts texts)
    {
        var output = new MemoryStream();
        await Export(texts).WriteAsync((await _server.Store.Accounts.FindAsync("romeo"))!, output, TestContext.Current.CancellationToken);
        output.Position = 0;
        await using var archive = await ZipArchive.CreateAsync(output, ZipArchiveMode.Read, leaveOpen: false, entryNameEncoding: null, TestContext.Current.CancellationToken);
        var files = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var entry in archive.Entries)
        {
            await using var content = await entry.OpenAsync(TestContext.Current.CancellationToken);
            var bytes = new MemoryStream();
            await content.CopyToAsync(bytes, TestContext.Current.CancellationToken);
            files.Add(entry.FullName, bytes.ToArray());
        }

        return files;
    }

    async Task<string> UploadAsync(string name, int size)
    {
        var key = FileKey.Create();
        var account = (await _server.Store.Accounts.FindAsync("romeo"))!;
        var left = size;
        Assert.True(await _server.Store.FileContents.SaveAsync(
            key, size,
            (buffer, _) =>
            {
                var count = Math.Min(buffer.Length, left);
                left -= count;
                return new(count);
            },
            TestContext.Current.CancellationToken));
        Assert.Equal(AddFileResult.Added, await _server.Store.Files.AddAsync(new(key, account.Id, FilePurpose.Message, name, "image/png", size, TimeProvider.System.GetUtcNow(), null), 100_000_000));
        return key;
    }
}

/// <summary>What a web server is: nobody may block on it.</summary>
file sealed class Slow : Stream
{
    public long Written { get; private set; }

    public int Largest { get; private set; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Flush() => throw new InvalidOperationException("It blocks.");

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Write(byte[] buffer, int offset, int count) => throw new InvalidOperationException("It blocks.");

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await Task.Yield();
        Written += buffer.Length;
        Largest = Math.Max(Largest, buffer.Length);
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

file static class Waiting
{
    /// <summary>What was sent before is stored; answers to it are passed over.</summary>
    public static async Task ExpectNothingOfImportanceAsync(this Wire wire)
    {
        await wire.SendAsync("<iq type='get' id='end'><query xmlns='urn:xmpp:mam:2'/></iq>");
        await wire.AwaitAsync("<iq id='end'/>");
    }
}
