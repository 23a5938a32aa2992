using System.Diagnostics;
using System.Globalization;

namespace Nyala.Server.Tests.Host;

/// <summary>The built binary, run as a person or a service runs it, in a directory of its own.</summary>
sealed class NyalaProcess : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly DirectoryInfo _directory = System.IO.Directory.CreateTempSubdirectory("nyala-cli-");

    /// <summary>The current directory of the commands; the data directory is <c>data</c> in it.</summary>
    public string Directory => _directory.FullName;

    public string Data => Path.Combine(Directory, "data");

    /// <summary>Environment variables for the next commands.</summary>
    public Dictionary<string, string> Environment { get; } = [];

    /// <summary>Whether the binary was built with the web app.</summary>
    public static bool HasWebApp => File.Exists(Path.Combine(Path.GetDirectoryName(Binary)!, "web", "index.html"));

    static string Binary
    {
        get
        {
            // Beside the tests' own folder: artifacts/bin/Nyala.Server.Tests/release/.
            var bin = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Parent!.FullName;
            return Path.Combine(bin, "Nyala.Host", "release", "nyala");
        }
    }

    /// <summary>Runs a command to its end.</summary>
    public Task<Result> RunAsync(params string[] arguments) => RunAsync(input: null, arguments);

    public async Task<Result> RunAsync(string? input, string[] arguments)
    {
        using var process = Start(arguments);
        if (input is not null)
        {
            await process.StandardInput.WriteAsync(input);
        }

        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(Patience, TimeProvider.System);
        return new(process.ExitCode, await output, await error);
    }

    /// <summary>Starts <c>nyala run</c> on free ports and waits until it serves.</summary>
    public async Task<Server> ServeAsync(params string[] arguments)
    {
        string[] ports = ["Listen:Xmpp", "Listen:XmppTls", "Listen:Http", "Listen:Https"];
        var process = Start(["run", .. ports.SelectMany(key => new[] { "--set", key + "=127.0.0.1:0" }), .. arguments]);
        var server = new Server(process);
        await server.UntilAsync("Ctrl+C stops the server.");
        return server;
    }

    public void Dispose() => _directory.Delete(recursive: true);

    Process Start(string[] arguments)
    {
        var start = new ProcessStartInfo(Binary, arguments)
        {
            WorkingDirectory = Directory,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in Environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    public sealed record Result(int ExitCode, string Output, string Error);

    /// <summary>A server that runs; killed at the end of the test if it still does.</summary>
    public sealed class Server(Process process) : IDisposable
    {
        readonly List<string> _lines = [];

        public IReadOnlyList<string> Lines => _lines;

        public int ExitCode => process.ExitCode;

        /// <summary>The port behind a name in the welcome text, such as "XMPP (TLS)".</summary>
        public int Port(string name)
        {
            var line = _lines.First(line => line.StartsWith("  " + name + "  ", StringComparison.Ordinal));
            return int.Parse(line[(line.LastIndexOf(':') + 1)..], CultureInfo.InvariantCulture);
        }

        /// <summary>How many ports it has open (proc(5): state 0A of its own sockets in net/tcp and net/tcp6).</summary>
        public int Listening()
        {
            var sockets = System.IO.Directory.GetFiles($"/proc/{process.Id}/fd").Select(file => new FileInfo(file).LinkTarget).ToHashSet();
            return ((string[])["tcp", "tcp6"]).SelectMany(table => File.ReadLines($"/proc/{process.Id}/net/{table}").Skip(1))
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Count(fields => fields[3] == "0A" && sockets.Contains($"socket:[{fields[9]}]"));
        }

        public async Task UntilAsync(string text)
        {
            while (true)
            {
                var line = await process.StandardOutput.ReadLineAsync().WaitAsync(Patience, TimeProvider.System);
                if (line is null)
                {
                    throw new InvalidOperationException($"The server ended: {string.Join("\n", _lines)}\n{await process.StandardError.ReadToEndAsync()}");
                }

                _lines.Add(line);
                if (line.Contains(text, StringComparison.Ordinal))
                {
                    return;
                }
            }
        }

        /// <summary>Sends SIGTERM and waits for the end.</summary>
        public Task TerminateAsync()
        {
            Signal("-TERM");
            return EndedAsync();
        }

        public async Task EndedAsync() => await process.WaitForExitAsync().WaitAsync(Patience, TimeProvider.System);

        public void Signal(string name)
        {
            using var kill = Process.Start("kill", [name, process.Id.ToString(CultureInfo.InvariantCulture)]);
            kill.WaitForExit();
        }

        public void Dispose()
        {
            if (!process.HasExited)
            {
                process.Kill();
                process.WaitForExit();
            }

            process.Dispose();
        }
    }
}
