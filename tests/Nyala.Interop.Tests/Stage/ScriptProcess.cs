namespace Nyala.Interop.Tests.Stage;

/// <summary>Starts a script by the program that its name calls for.</summary>
static class ScriptProcess
{
    public static ChildProcess Start(
        string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string> addresses, Action<string>? onLine = null)
    {
        var environment = new Dictionary<string, string>(addresses, StringComparer.Ordinal)
        {
            ["NODE_NO_WARNINGS"] = "1",
            ["NODE_TLS_REJECT_UNAUTHORIZED"] = "0", // The server under test made its own certificate.
            ["PYTHONDONTWRITEBYTECODE"] = "1",
            ["PYTHONUNBUFFERED"] = "1",
        };
        var program = Path.GetExtension(file) == ".py" ? Tool.Python : "node";
        return ChildProcess.Start(program, [file, .. arguments], environment, onLine);
    }
}
