using Nyala.Host.Commands;
using Xunit;

namespace Nyala.Server.Tests.Host;

public sealed class GeneratedDocumentsTests
{
    [Theory]
    [InlineData("XEPS.md", "nyala features --markdown > docs/XEPS.md")]
    [InlineData("configuration.md", "nyala config --markdown > docs/configuration.md")]
    public void A_generated_document_is_not_stale(string name, string remedy)
    {
        var expected = name == "XEPS.md" ? FeaturesCommand.Markdown() : ConfigCommand.Markdown();
        var actual = File.ReadAllText(Path.Combine(Repository.Root, "docs", name)).TrimEnd('\n');
        Assert.True(expected == actual, $"docs/{name} is stale: {remedy}");
    }
}
