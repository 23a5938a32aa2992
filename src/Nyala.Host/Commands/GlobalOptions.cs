using System.CommandLine;
using Nyala.Host.Configuration;

namespace Nyala.Host.Commands;

/// <summary>The options every command understands: where the configuration is and what overrides it.</summary>
static class GlobalOptions
{
    static readonly Option<string?> Data = new("--data") { Description = "The data directory", HelpName = "DIR", Recursive = true };
    static readonly Option<string?> Domain = new("--domain") { Description = "The XMPP domain", HelpName = "NAME", Recursive = true };
    static readonly Option<string?> Config = new("--config") { Description = "The configuration file", HelpName = "FILE", Recursive = true };

    static readonly Option<string[]> Set = new("--set")
    {
        Description = "Sets any key; 'nyala config' lists them. May be repeated",
        HelpName = "Key:Sub=value",
        Recursive = true,
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    public static void AddTo(Command root)
    {
        root.Options.Add(Data);
        root.Options.Add(Domain);
        root.Options.Add(Config);
        root.Options.Add(Set);
    }

    /// <exception cref="ConfigurationException">Something is set wrongly.</exception>
    public static NyalaOptions ReadConfiguration(ParseResult arguments)
    {
        var options = new List<(Setting, string, string)>();
        if (arguments.GetValue(Data) is { } data)
        {
            options.Add((Settings.Data, data, "--data"));
        }

        if (arguments.GetValue(Domain) is { } domain)
        {
            options.Add((Settings.Domain, domain, "--domain"));
        }

        return ConfigurationReader.Read(new(arguments.GetValue(Config), options, arguments.GetValue(Set) ?? []));
    }
}
