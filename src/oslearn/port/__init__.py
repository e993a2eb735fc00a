"""The cloud behind a port: socket, first page, the folder that keeps a cloud, the file that leads a client here."""
