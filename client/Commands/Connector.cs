using Crescent.Client.Connections;

namespace Crescent.Client.Commands;

/// <summary>Opens a connection; what commands get in place of a transport.</summary>
internal delegate Task<IFactoryConnection> Connector(ConnectionSettings settings, CancellationToken cancellationToken);
