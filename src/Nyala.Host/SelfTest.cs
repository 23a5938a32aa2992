using System.Text;
using Nyala.Xmpp;

namespace Nyala.Host;

/// <summary>What must hold on this machine before anybody is let in.</summary>
static class SelfTest
{
    /// <exception cref="StartException">It does not hold.</exception>
    public static void Run()
    {
        // Without ICU data .NET normalises nothing and says nothing: two spellings of a name would be two accounts.
        var sameName = "e\u0301".Normalize(NormalizationForm.FormC) == "\u00e9"
            && Jid.TryParse("E\u0301va@localhost", out var jid) && jid.Local == "\u00e9va";
        if (!sameName)
        {
            throw new StartException("Unicode does not work here, so names could be forged: install the ICU library (Debian: libicu72) and leave DOTNET_SYSTEM_GLOBALIZATION_INVARIANT unset.");
        }
    }
}
