using System.Net.Security;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Nyala.Core.Connections;

/// <summary>
/// Makes OpenSSL give the two buffers of a connection back whenever nothing is in them (SSL_MODE_RELEASE_BUFFERS, what nginx
/// does): 33 of the 40 kilobytes that an idle connection with TLS costs. .NET has no option for it, so this reaches for the
/// handle inside of SslStream; where that is not as expected, nothing is done and connections are larger, no more.
/// </summary>
static class TlsBuffers
{
    const int SetMode = 33; // SSL_CTRL_MODE
    const int ReleaseBuffers = 0x10; // SSL_MODE_RELEASE_BUFFERS

    static readonly FieldInfo? Handle = FindHandle();

    /// <summary>From now on nothing is held for a silent peer. To be called after the handshake. False when this machine cannot do it.</summary>
    public static bool ReleaseWhileIdle(SslStream ssl)
    {
        if (Handle?.GetValue(ssl) is not SafeHandle handle)
        {
            return false;
        }

        var added = false;
        try
        {
            handle.DangerousAddRef(ref added);

            // The modes that are in force now.
            return (Control(handle.DangerousGetHandle(), SetMode, ReleaseBuffers, 0) & ReleaseBuffers) != 0;
        }
        finally
        {
            if (added)
            {
                handle.DangerousRelease();
            }
        }
    }

    static FieldInfo? FindHandle()
    {
        // The function must be of the same library that made the handle.
        if (!OperatingSystem.IsLinux() || SafeEvpPKeyHandle.OpenSslVersion >> 28 != 3 || !NativeLibrary.TryLoad("libssl.so.3", out var library)
            || !NativeLibrary.TryGetExport(library, "SSL_ctrl", out _))
        {
            return null;
        }

        var field = typeof(SslStream).GetField("_securityContext", BindingFlags.Instance | BindingFlags.NonPublic);
        var made = typeof(SslStream).Assembly.GetType("Microsoft.Win32.SafeHandles.SafeSslHandle");
        return field is not null && made is not null && field.FieldType.IsAssignableFrom(made) ? field : null;
    }

    // long SSL_ctrl(SSL *ssl, int cmd, long larg, void *parg)
    [DllImport("libssl.so.3", EntryPoint = "SSL_ctrl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern nint Control(nint ssl, int command, nint argument, nint pointer);
}
