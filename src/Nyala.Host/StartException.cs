namespace Nyala.Host;

/// <summary>The server cannot start; the message is one sentence with the remedy.</summary>
sealed class StartException(string message, Exception? inner = null) : Exception(message, inner);
