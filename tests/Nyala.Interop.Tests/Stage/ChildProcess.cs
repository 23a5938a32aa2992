using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Nyala.Interop.Tests.Stage;

/// <summary>A child process whose output is kept, line by line. Safe from any thread.</summary>
sealed class ChildProcess : IAsyncDisposable
{
    static readonly TimeSpan Grace = TimeSpan.FromSeconds(10);

    readonly Process _process;
    readonly List<string> _lines = [];
    readonly string _name;

    ChildProcess(Process process, string name) => (_process, _name) = (process, name);

    /// <summary>Called for each line of standard output (not of the error output).</summary>
    public event Action<string>? LineRead;

    /// <summary>Everything it has said, both outputs mixed; only the end if that is much.</summary>
    public string Output
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines.TakeLast(120));
            }
        }
    }

    public bool HasExited => _process.HasExited;

    public TextWriter Input => _process.StandardInput;

    public static ChildProcess Start(
        string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, Action<string>? onLine = null)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
            WorkingDirectory = Folders.Project,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            start.Environment[name] = value;
        }
        var child = new ChildProcess(new Process { StartInfo = start }, Path.GetFileName(file));
        child.LineRead += onLine;
        child._process.OutputDataReceived += (_, line) => child.Keep(line.Data, ours: true);
        child._process.ErrorDataReceived += (_, line) => child.Keep(line.Data, ours: false);
        child._process.Start();
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Gives a command its input and waits until it has ended well.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static async Task CommandAsync(ChildProcess command, TimeSpan limit, string? input = null)
    {
        await using (command)
        {
            await command.Input.WriteAsync(input);
            command.Input.Close();
            if (await command.EndAsync(limit) != 0)
            {
                throw new InvalidOperationException($"A command failed:\n{command.Output}");
            }
        }
    }

    /// <summary>Waits for its end; a process that outstays the limit is ended, and that is a failure with its output.</summary>
    public async Task<int> EndAsync(TimeSpan limit)
    {
        using var clock = new CancellationTokenSource(limit, TimeProvider.System);
        try
        {
            await _process.WaitForExitAsync(clock.Token);
        }
        catch (OperationCanceledException late)
        {
            await StopAsync();
            throw new TimeoutException($"{_name} did not end within {limit.TotalSeconds:0} s; it said:\n{Output}", late);
        }
        return _process.ExitCode;
    }

    /// <summary>SIGTERM, and if that does not help SIGKILL. The exit code; null where it had to be killed.</summary>
    public async Task<int?> StopAsync()
    {
        if (!_process.HasExited)
        {
            using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
        }
        using var clock = new CancellationTokenSource(Grace, TimeProvider.System);
        try
        {
            await _process.WaitForExitAsync(clock.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
            return null;
        }
    }

    /// <summary>SIGKILL, for it and all it has started.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process.Dispose();
    }

    void Keep(string? line, bool ours)
    {
        if (line is null)
        {
            return;
        }
        lock (_lines)
        {
            _lines.Add(line);
        }
        if (ours)
        {
            LineRead?.Invoke(line);
        }
    }
}
