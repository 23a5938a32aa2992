namespace Nyala.Core.Routing;

/// <summary>Says which XEP, in which version, a class implements. docs/XEPS.md and <c>nyala features</c> are made from it.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class XepAttribute(int number, string version) : Attribute
{
    public int Number => number;

    /// <summary>The version of the XEP the code was written against.</summary>
    public string Version => version;

    /// <summary>What is left out or special, in a few words; or null.</summary>
    public string? Note { get; init; }
}

/// <summary>Says which RFC a class implements, in the same table.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class RfcAttribute(int number) : Attribute
{
    public int Number => number;

    /// <summary>What is left out or special, in a few words; or null.</summary>
    public string? Note { get; init; }
}
