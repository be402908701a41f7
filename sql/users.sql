-- One MySQL user a daemon, known by the uid at the other end of the Unix
-- socket: no passwords. Applied by every migrate; a user that lost its way of
-- authentication gets it back.

CREATE USER IF NOT EXISTS 'caged-api'@'localhost'
	/*M! IDENTIFIED VIA unix_socket */ /*!80000 IDENTIFIED WITH auth_socket */;
CREATE USER IF NOT EXISTS 'caged-gateway'@'localhost'
	/*M! IDENTIFIED VIA unix_socket */ /*!80000 IDENTIFIED WITH auth_socket */;
CREATE USER IF NOT EXISTS 'caged-keeper'@'localhost'
	/*M! IDENTIFIED VIA unix_socket */ /*!80000 IDENTIFIED WITH auth_socket */;
CREATE USER IF NOT EXISTS 'caged_report'@'localhost'
	/*M! IDENTIFIED VIA unix_socket */ /*!80000 IDENTIFIED WITH auth_socket */;

ALTER USER 'caged-api'@'localhost'
	/*M! IDENTIFIED VIA unix_socket */ /*!80000 IDENTIFIED WITH auth_socket */;
ALTER USER 'caged-gateway'@'localhost'
	/*M! IDENTIFIED VIA unix_socket */ /*!80000 IDENTIFIED WITH auth_socket */;
ALTER USER 'caged-keeper'@'localhost'
	/*M! IDENTIFIED VIA unix_socket */ /*!80000 IDENTIFIED WITH auth_socket */;
ALTER USER 'caged_report'@'localhost'
	/*M! IDENTIFIED VIA unix_socket */ /*!80000 IDENTIFIED WITH auth_socket */;
