namespace Nyala.Xmpp.Xml;

/// <summary>Limits that hold while reading, never after (values come from configuration).</summary>
/// <param name="StanzaBytes">The largest first-level element in bytes.</param>
/// <param name="Depth">How deep elements may nest in a first-level element, itself included.</param>
/// <param name="Attributes">How many attributes (namespace declarations included) one tag may have.</param>
public sealed record ReaderLimits(int StanzaBytes = 262_144, int Depth = 64, int Attributes = 64)
{
    /// <summary>For bytes that passed a reader's limits before, or that we made ourselves.</summary>
    internal static ReaderLimits Trusted { get; } = new(int.MaxValue, 256, 1024);
}
