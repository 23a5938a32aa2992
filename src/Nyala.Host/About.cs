using System.Reflection;

namespace Nyala.Host;

/// <summary>What this binary is.</summary>
static class About
{
    public const string Name = "Nyala";

    /// <summary>Such as 0.1.0.</summary>
    public static string Version { get; } =
        typeof(About).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>The commit it was built from, or null.</summary>
    public static string? Commit { get; } =
        typeof(About).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+') is [_, var commit] ? commit : null;
}
